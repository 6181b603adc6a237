/** The well-known path of the metadata of protected resources (RFC 9728 §3). */
export const resourceMetadataPath = "/.well-known/oauth-protected-resource";

/** The URL of the metadata of a resource: its path stands behind the well-known one (RFC 9728 §3.1). */
export function resourceMetadataUrl(resource: string): string {
  const { origin, pathname } = new URL(resource);
  return `${origin}${resourceMetadataPath}${pathname}`;
}
