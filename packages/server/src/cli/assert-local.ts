import type { Config } from "../config/config.ts";
import { UsageProblem } from "./failures.ts";

/**
 * Stops a command that is about what lives in Keycloak.
 *
 * @param what such as `people`
 * @param verbs what one does with them there
 */
export function assertLocal(config: Config, what: string, verbs: string): void {
  if (config.provider === "local") return;
  throw new UsageProblem(
    `${what} live in Keycloak, in the realm ${config.keycloakRealm} at ${config.keycloakUrl}: ${verbs} there. ` +
      "This command is for LATCHKEY_PROVIDER=local",
  );
}
