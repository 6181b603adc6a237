import { createHash, randomBytes } from "node:crypto";
import { type AuditEvent, eventOf, type Origin } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import type { ClientCredential, GrantType } from "../oauth/client.ts";
import { isDocumentId } from "../oauth/client-document.ts";
import { type NewClient, problemOf } from "../oauth/new-client.ts";
import { publicKeysOf } from "../oauth/public-keys.ts";
import type {
  ClientState,
  FoundClient,
  ListedClient,
  RegisteredClient,
  RegisteredClients,
} from "../oauth/registered-clients.ts";
import { readScopes } from "../oauth/scopes.ts";
import { SealedClients } from "../oauth/sealed-clients.ts";
import { clientVersion } from "../oauth/versions.ts";
import { spelledRoles } from "../people/person-spelling.ts";
import { assertMayEquip, type Power, powers } from "../people/powers.ts";
import { OutdatedState, OvertakenChange, RefusedChange, UnknownSubject } from "../refused-change.ts";
import type { Revocations } from "../tokens/revocations.ts";

/** A client that was added, and its secret if it has one. The secret is not stored: it is shown once. */
export interface AddedClient {
  readonly client: RegisteredClient;
  readonly secret: string | undefined;
}

/** The parts of the story. */
export interface ClientAdministrationParts {
  readonly clients: RegisteredClients;
  readonly clock: Clock;
  /** The origin of the audit events. */
  readonly by: Origin;
  /** The list that refuses the tokens of ended sessions. Default: none, as on the command line. */
  readonly revocations?: Pick<Revocations, "poll">;
  /** The powers of the caller. Default: all, as on the command line. */
  readonly held?: ReadonlySet<Power>;
}

/** The administration of OAuth clients. */
export type ClientAdministration = ReturnType<typeof createClientAdministration>;

/**
 * The operator's clients. Blocking and removing end every session of a client, and its own tokens, in the same step.
 * Every function throws {RefusedChange} if the client is unknown or refused. A change takes the versions that its author
 * accepts, by default all. It throws {OutdatedState} if the client has another one. The store compares the state again
 * in the step that makes the change.
 */
export function createClientAdministration(parts: ClientAdministrationParts) {
  const { clients, clock, by, revocations, held = new Set(powers) } = parts;
  const event = (name: AuditEvent["name"] & `client.${string}`, client: string): AuditEvent =>
    eventOf(name, clock(), by, { client });

  /** A client of the list, or one that may be blocked before its first session. */
  async function find(id: string): Promise<FoundClient> {
    const listed = await clients.listed(id, clock());
    if (listed !== undefined) return { ...listed, registered: await clients.byId(id) };
    const name = nameElsewhere(id);
    if (name === undefined)
      throw new UnknownSubject(
        SealedClients.looksLike(id)
          ? `no client can have the id ${id}: it is cut off or mistyped, so copy the whole id`
          : `there is no client ${id}`,
      );
    return { id, name, added: false, blockedAt: null, sessions: 0, registered: undefined };
  }

  /** The client of a change, and the state that the change must find. */
  async function asAccepted(id: string, versions: readonly string[] | undefined) {
    const client = await find(id);
    if (versions === undefined) return { client, seen: undefined };
    if (!versions.includes(clientVersion(client))) throw outdated(id);
    return { client, seen: stateOf(client) };
  }

  return {
    find,
    /** The operator's clients, blocked ones, and those with live sessions, by id. @param page `after` is an id */
    list: (page: { readonly after?: string | undefined; readonly limit: number }): Promise<ListedClient[]> =>
      clients.list(page, clock()),
    /** Adds a client. Its id is made of its name and random digits. */
    async add(given: NewClient): Promise<AddedClient> {
      const problem = problemOf(given);
      if (problem !== undefined) throw new RefusedChange(problem);
      const { name, redirectUris, proof, roles, scopes, machine } = given;
      assertMayEquip(held, given);
      const { credential, secret } = credentialOf(proof);
      const client: RegisteredClient = {
        id: idOf(name),
        name,
        redirectUris: [...new Set(redirectUris)],
        credentials: [credential],
        grantTypes: grantTypesOf(given),
        roles: spelledRoles(roles),
        scope: [...new Set(scopes)].join(" "),
        sessionId: machine ? newSessionId() : null,
        createdAt: clock(),
        blockedAt: null,
        voucher: { by: "operator" },
      };
      const added = await clients.add(client, event("client.added", client.id));
      if (!added) throw new OvertakenChange(`there is a client ${client.id} already: try again`);
      return { client, secret };
    },
    /**
     * Gives a client a new secret. The earlier one stops at once; tokens and sessions stay.
     *
     * @returns the new secret, which is shown once
     */
    async replaceSecret(id: string, versions?: readonly string[]): Promise<string> {
      const { client: found, seen } = await asAccepted(id, versions);
      const client = found.registered;
      if (client === undefined)
        throw new RefusedChange(`${found.name} was not added here, so its secret is kept elsewhere`);
      if (!client.credentials.some(({ kind }) => kind === "secret"))
        throw new RefusedChange(`${id} proves its identity without a secret: add another client with one`);
      assertMayEquip(held, { roles: client.roles, scopes: readScopes(client.scope) });
      const { credential, secret } = newSecret();
      const replaced = event("client.secret_replaced", id);
      if (!(await clients.replaceCredentials(id, client.credentials, [credential], replaced, seen)))
        throw seen === undefined
          ? new OvertakenChange(`${id} was changed meanwhile: try again`)
          : outdated(id);
      return secret;
    },
    /** Keeps a client out, whatever describes it. @returns false if it was blocked before */
    async block(id: string, versions?: readonly string[]): Promise<boolean> {
      const { client, seen } = await asAccepted(id, versions);
      const blocked = await clients.block(id, client.name, event("client.blocked", id), newSessionId(), seen);
      await revocations?.poll();
      if (!blocked && seen?.blockedAt === null) throw outdated(id);
      return blocked;
    },
    /** Lets a client in again. Its ended sessions do not come back. @returns false if it was not blocked */
    async unblock(id: string, versions?: readonly string[]): Promise<boolean> {
      const { seen } = await asAccepted(id, versions);
      const unblocked = await clients.unblock(id, event("client.unblocked", id), seen);
      if (!unblocked && typeof seen?.blockedAt === "number") throw outdated(id);
      return unblocked;
    },
    /** Removes a client that the operator added. Its id and its credentials are void for good. */
    async remove(id: string, versions?: readonly string[]): Promise<void> {
      const { client, seen } = await asAccepted(id, versions);
      if (!client.added)
        throw new RefusedChange(
          `${id} was not added here, so it cannot be removed: \`latchkey client block\` ends its sessions and keeps it out`,
        );
      const removed = await clients.remove(id, event("client.removed", id), seen);
      await revocations?.poll();
      if (!removed)
        throw seen === undefined ? new UnknownSubject(`${id} was removed meanwhile`) : outdated(id);
    },
  };
}

function stateOf({ blockedAt, registered }: FoundClient): ClientState {
  return { credentials: registered?.credentials ?? [], blockedAt };
}

function outdated(id: string): OutdatedState {
  return new OutdatedState(`${id} was changed since it was read`);
}

/** The name of a client without sessions that another source describes. Undefined for any other text. */
function nameElsewhere(id: string): string | undefined {
  if (isDocumentId(id)) return new URL(id).hostname;
  return SealedClients.claimOf(id) ? "a registered application" : undefined;
}

/** A machine asks for tokens of its own. A client with a redirect URI asks people. One client may do both. */
function grantTypesOf({ machine, redirectUris }: NewClient): GrantType[] {
  const ofPeople: readonly GrantType[] =
    redirectUris.length > 0 ? ["authorization_code", "refresh_token"] : [];
  return [...ofPeople, ...(machine ? (["client_credentials"] as const) : [])];
}

/** @throws {RefusedKeys} if its keys are not public ones */
function credentialOf(proof: NewClient["proof"]): {
  readonly credential: ClientCredential;
  readonly secret: string | undefined;
} {
  if (proof.kind === "new_secret") return newSecret();
  const credential = proof.kind === "keys" ? { kind: proof.kind, keys: publicKeysOf(proof.keys) } : proof;
  return { credential, secret: undefined };
}

/** A secret of 256 random bits, and the hash that is kept of it. */
function newSecret(): { readonly credential: ClientCredential; readonly secret: string } {
  const secret = `lks_${randomBytes(32).toString("base64url")}`;
  const hash = createHash("sha256").update(secret).digest("base64url");
  return { credential: { kind: "secret", hash }, secret };
}

/** The ASCII letters and digits of a name, so that people recognise the id, and 48 random bits. */
function idOf(name: string): string {
  const words = name
    .normalize("NFKD")
    .toLowerCase()
    .match(/[a-z0-9]+/g) ?? ["client"];
  return `${words.join("-").slice(0, 32)}-${randomBytes(6).toString("hex")}`;
}

/** The `sid` of a client's own tokens. It cannot be guessed, like that of a session. */
function newSessionId(): string {
  return randomBytes(16).toString("base64url");
}
