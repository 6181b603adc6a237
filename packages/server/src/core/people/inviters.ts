import { isDocumentId } from "../oauth/client-document.ts";
import type { RegisteredClient, RegisteredClients } from "../oauth/registered-clients.ts";
import { readScopes } from "../oauth/scopes.ts";
import { SealedClients } from "../oauth/sealed-clients.ts";
import { type InviterAsRead, invalidLink, type Link } from "./links.ts";
import { type Power, powersOf, powersToInvite } from "./powers.ts";
import type { LocalUser, Users } from "./users.ts";

/** The parts of the check of inviters. */
export interface InviterParts {
  readonly users: Pick<Users, "byId">;
  readonly clients: Pick<RegisteredClients, "byId" | "isBlocked">;
}

/** Reads the inviter of a link. @throws {LatchkeyError} `invalid_link` without the powers that the invitation needs */
export type InviterOf = (link: Link) => Promise<InviterAsRead>;

/**
 * An invitation works as long as its inviter could send it. The powers are those of now: a role that was taken away, a
 * disabled user or a blocked client end it.
 */
export function createInviterOf({ users, clients }: InviterParts): InviterOf {
  async function openClient(id: string) {
    const added = await clients.byId(id);
    const describesItself = isDocumentId(id) || SealedClients.looksLike(id);
    const isOpen =
      added === undefined ? describesItself && !(await clients.isBlocked(id)) : added.blockedAt === null;
    if (!isOpen) throw invalidLink("the client of the inviter is blocked or removed");
    return { added, client: { id, describesItself } };
  }

  async function activeUser(id: string): Promise<LocalUser> {
    const user = await users.byId(id);
    if (!user?.active) throw invalidLink("the inviter is gone or disabled");
    return user;
  }

  return async function inviterOf({ roles, invitedBy, invitedWith }) {
    const { added, client = null } = invitedWith === null ? {} : await openClient(invitedWith);
    const user = invitedBy === null ? null : await activeUser(invitedBy);
    if (user !== null || client !== null) {
      const held = user === null ? powersOfMachine(added) : powersOfPerson(user);
      if (!powersToInvite(roles ?? []).every((power) => held.has(power)))
        throw invalidLink("the inviter has lost a power");
    }
    return { user: user && { id: user.id, version: user.version }, client };
  };
}

function powersOfPerson({ roles }: LocalUser): ReadonlySet<Power> {
  return powersOf({ roles, scopes: undefined, isMachine: false });
}

function powersOfMachine(client: RegisteredClient | undefined): ReadonlySet<Power> {
  return powersOf({ roles: [], scopes: readScopes(client?.scope ?? ""), isMachine: true });
}
