import { createHash } from "node:crypto";
import type { AuthorizationRequest } from "../../src/core/oauth/authorization-request.ts";
import type { Authorizations } from "../../src/core/oauth/authorizations.ts";
import type { Client } from "../../src/core/oauth/client.ts";
import { HashQueue } from "../../src/core/passwords/hash-queue.ts";
import { Passwords } from "../../src/core/passwords/passwords.ts";
import { createAuthorize, createDeny } from "../../src/core/stories/authorize.ts";
import { createIntrospect } from "../../src/core/stories/introspect.ts";
import { createRedeem, type Redemption } from "../../src/core/stories/redeem.ts";
import { createRevokeToken } from "../../src/core/stories/revoke-token.ts";
import type { Sessions } from "../../src/core/stories/sessions.ts";
import type { Rule } from "../../src/core/throttle/attempt-counter.ts";
import { localAccounts } from "../../src/identity/local.ts";
import { caller, notes, smallWorld } from "./small-world.ts";

const password = "correct horse battery";

/** Weak parameters: a check takes less than a millisecond. */
const passwords = new Passwords(
  { memory: 64, iterations: 1, parallelism: 1 },
  new HashQueue({ concurrency: 2, maxWaiting: 100 }),
);
const passwordHash = passwords.hash(password, { address: caller.address, account: "alice" });

const described = (id: string, name: string): Client => ({
  id,
  name,
  redirectUris: [`${id}/callback`],
  credentials: [{ kind: "none" }],
  grantTypes: ["authorization_code", "refresh_token"],
  voucher: { by: "nobody" },
});

export const editor = described("https://editor.test/client", "Editor");
export const stranger = described("https://stranger.test/client", "Stranger");

export const verifier = "a verifier of 256 random bits, in base64url".replaceAll(/[ ,]/g, "-");
export const challengeOf = (of: string) => createHash("sha256").update(of).digest("base64url");

export const request: AuthorizationRequest = {
  client: editor,
  redirectUri: `${editor.id}/callback`,
  state: "a state",
  challenge: challengeOf(verifier),
  resource: { url: notes, name: null, scopes: ["notes:read", "notes:write"] },
  scope: "notes:read notes:write",
  loginHint: undefined,
};

export const credentials = { username: "alice", password };

export type OauthWorld = Awaited<ReturnType<typeof oauthWorld>>;

/**
 * The stories of OAuth on a real database in memory, with one user and the resource of the notes.
 *
 * @param around wraps the store's tables, to control the order of calls
 * @param limit of failures
 */
export async function oauthWorld(
  around: {
    readonly sessions?: (sessions: Sessions) => Sessions;
    readonly authorizations?: (authorizations: Authorizations) => Authorizations;
  } = {},
  limit?: Rule,
) {
  const world = await smallWorld(around.sessions, await passwordHash, limit);
  const { store } = world;
  const authorizations = (around.authorizations ?? ((same) => same))(store.authorizations);
  const { settings } = world.parts;
  const parts = {
    ...world.parts,
    authorizations,
    accounts: localAccounts(store.users, passwords, Buffer.alloc(32)),
    settings: { ...settings, mostSessions: 10 },
  };
  await store.resources.put(
    { ...request.resource, createdAt: world.parts.clock() },
    { name: "resource.added", at: world.parts.clock(), address: "test" },
  );
  const authorize = createAuthorize(parts);
  const redeem = createRedeem(parts);
  return {
    ...world,
    parts,
    authorize,
    deny: createDeny(parts),
    redeem,
    revokeToken: createRevokeToken(parts),
    introspect: createIntrospect(parts),
    /** Alice allows the editor what it asks for. @returns the code */
    allow: (about: Partial<AuthorizationRequest> = {}) =>
      authorize(credentials, { ...request, ...about }, caller),
    /** The editor redeems a code. */
    trade: (code: string, about: Partial<Redemption> = {}) =>
      redeem(redemptionOf(code, about), editor, caller),
    /** Alice allows, and the editor redeems. */
    async grant(about: Partial<AuthorizationRequest> = {}) {
      const code = await authorize(credentials, { ...request, ...about }, caller);
      return redeem(redemptionOf(code), { ...editor, ...about.client }, caller);
    },
    /** The names of the audit events since a call, oldest first. */
    since: (before: number) => world.heard.slice(before).map(({ name }) => name),
  };
}

export function redemptionOf(code: string, about: Partial<Redemption> = {}): Redemption {
  return { code, redirectUri: request.redirectUri, verifier, resource: notes, ...about };
}
