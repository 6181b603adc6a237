import { betterAuth } from "./better-auth.ts";
import type { Contestant } from "./contestant.ts";
import { fastapi } from "./fastapi.ts";
import { keycloak } from "./keycloak.ts";
import { latchkey } from "./latchkey.ts";
import { oidcProvider } from "./oidc-provider.ts";
import { pocketbase } from "./pocketbase.ts";

/** The compared products, in the order of the page. */
export const contestants: readonly Contestant[] = [
  latchkey,
  pocketbase,
  ...betterAuth,
  keycloak,
  ...fastapi,
  oidcProvider,
];
