import { type AuditTrail, type Caller, eventOf } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { LatchkeyError } from "../errors.ts";
import type { Client } from "../oauth/client.ts";
import type { NoteDroppedScopes } from "../oauth/dropped-scopes.ts";
import type { RegisteredClients } from "../oauth/registered-clients.ts";
import type { Resources } from "../oauth/resources.ts";
import { machineScope } from "../oauth/scopes.ts";
import type { AccessToken, AccessTokens } from "../tokens/access-tokens.ts";

/** The parts of the story. */
export interface ClientTokenParts {
  readonly clients: Pick<RegisteredClients, "byId">;
  readonly resources: Resources;
  readonly tokens: Pick<AccessTokens, "issueToMachine" | "expiry">;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly noteDropped: NoteDroppedScopes;
}

/** A token request of a machine (RFC 6749 §4.4.2, RFC 8707 §2.2). */
export interface ClientTokenRequest {
  readonly scope?: string | undefined;
  readonly resource?: string | undefined;
}

/** An access token of a machine. Its scope may be empty. */
export interface MachineToken extends AccessToken {
  readonly scope: string;
}

/**
 * Issues an access token to a machine that proved its identity. It has no refresh token: the machine asks again.
 *
 * @throws {LatchkeyError} `unauthorized_client`, `invalid_target`, or `invalid_scope` for more than the client has,
 * and for unknown scopes alone
 */
export type ClientToken = (
  request: ClientTokenRequest,
  client: Pick<Client, "id">,
  caller: Caller,
) => Promise<MachineToken>;

/** Makes the story of a machine's token. Its `sid` is the client's, so block and removal revoke every token at once. */
export function createClientToken(parts: ClientTokenParts): ClientToken {
  const { clients, resources, tokens, audit, clock, noteDropped } = parts;
  return async function clientToken(request, { id }, caller) {
    const client = await clients.byId(id);
    const sessionId = client?.sessionId ?? null;
    const allowed = client?.blockedAt === null && client.grantTypes.includes("client_credentials");
    if (client === undefined || sessionId === null || !allowed)
      throw new LatchkeyError("unauthorized_client", { reason: "a client without client credentials" });
    const resource = await resources.named(request.resource);
    const { scope, dropped } = machineScope(client.scope, request.scope, resource);
    noteDropped(resource, dropped);
    if (scope === undefined)
      throw new LatchkeyError("invalid_scope", { reason: "more than the client's scope, or unknown" });
    const machine = { clientId: id, roles: client.roles, sessionId };
    const expiresAt = tokens.expiry(Number.POSITIVE_INFINITY);
    const token = tokens.issueToMachine(machine, resource.url, scope, expiresAt);
    const about = { subject: id, sessionId, client: id, resource: resource.url };
    await audit.record(eventOf("token.issued", clock(), caller, about));
    return { ...token, scope };
  };
}
