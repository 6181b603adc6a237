import { clients } from "@latchkey/testkit/keycloak/acceptance-realm";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";

/**
 * Starts a Latchkey in front of a real realm.
 *
 * @param keycloak the address of Keycloak
 * @param settings environment variables, named without `LATCHKEY_`
 */
export function realmServer(
  keycloak: string,
  realm: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestServer> {
  return testServer({
    PROVIDER: "keycloak",
    KEYCLOAK_URL: keycloak,
    KEYCLOAK_REALM: realm,
    KEYCLOAK_CLIENT_ID: "latchkey",
    KEYCLOAK_CLIENT_SECRET: clients.latchkey,
    ...settings,
  });
}
