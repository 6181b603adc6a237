import { passwords as serverPasswords } from "../server/test-server.ts";

/** The secrets of Latchkey's client and of two others. */
export const clients = {
  latchkey: "the secret of the client of Latchkey",
  notes: "the secret of another client",
  browser: "the secret of a client without direct grants",
} as const;

/** The passwords of the realm's users: those of every test server, and of users that only Keycloak has. */
export const passwords = {
  ...serverPasswords,
  nina: "given by the help desk",
  oscar: "not verified as yet",
  quentin: "a second factor is due",
  trent: "guessed at too often",
} as const;

/** Lifetime of the realm's access tokens, in seconds. */
const tokenSeconds = 60;

/**
 * A realm with users of every kind, short-lived tokens and rotated refresh tokens.
 *
 * @param change members that replace those of the usual realm
 */
export function acceptanceRealm(name: string, change: object = {}) {
  const own = [`default-roles-${name}`];
  const person = (username: keyof typeof passwords, realmRoles: readonly string[], more: object = {}) => ({
    username,
    email: `${username}@example.com`,
    emailVerified: true,
    firstName: username.replace(/^./, (letter) => letter.toUpperCase()),
    lastName: "Example",
    enabled: true,
    credentials: [{ type: "password", value: passwords[username] }],
    realmRoles: [...own, ...realmRoles],
    ...more,
  });
  const client = (clientId: keyof typeof clients, more: object = {}) => ({
    clientId,
    secret: clients[clientId],
    publicClient: false,
    standardFlowEnabled: false,
    directAccessGrantsEnabled: true,
    fullScopeAllowed: true,
    ...more,
  });
  return {
    realm: name,
    enabled: true,
    accessTokenLifespan: tokenSeconds,
    ssoSessionIdleTimeout: 600,
    ssoSessionMaxLifespan: 3600,
    revokeRefreshToken: true,
    refreshTokenMaxReuse: 0,
    bruteForceProtected: true,
    failureFactor: 1_000,
    quickLoginCheckMilliSeconds: 0,
    roles: {
      realm: [{ name: "user" }, { name: "premium" }],
      client: { latchkey: [{ name: "editor" }], notes: [{ name: "reader" }] },
    },
    clients: [
      // Keycloak ignores the port of a loopback address.
      client("latchkey", { standardFlowEnabled: true, redirectUris: ["http://127.0.0.1/oauth/callback"] }),
      client("notes", { redirectUris: ["http://127.0.0.1/oauth/callback"] }),
      client("browser", { directAccessGrantsEnabled: false, standardFlowEnabled: true }),
    ],
    users: [
      person("alice", ["user", "premium"], { clientRoles: { latchkey: ["editor"], notes: ["reader"] } }),
      person("bob", ["user"]),
      person("mallory", ["user"], { enabled: false }),
      person("nina", ["user"], { requiredActions: ["UPDATE_PASSWORD"] }),
      person("oscar", ["user"], { requiredActions: ["VERIFY_EMAIL"], emailVerified: false }),
      person("quentin", ["user"], { requiredActions: ["CONFIGURE_TOTP"] }),
      person("trent", ["user"]),
    ],
    ...change,
  };
}
