/** The products with an export that can be imported. */
export const importSources = ["keycloak", "auth0", "firebase", "supabase", "kratos", "better-auth"] as const;
