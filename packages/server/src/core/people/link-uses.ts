import type { Clock } from "../clock.ts";
import { createInviterOf, type InviterParts } from "./inviters.ts";
import type { LinkTokens } from "./link-tokens.ts";
import { type InviterAsRead, invalidLink, type Link, type LinkPurpose, type Links } from "./links.ts";
import type { LinkReading } from "./self-service.ts";
import type { LocalUser } from "./users.ts";

/** The parts of the search for usable links. */
export interface LinkUseParts extends InviterParts {
  readonly links: Pick<Links, "byId">;
  readonly linkTokens: LinkTokens;
  readonly clock: Clock;
}

/** A link of a user that can be used now. */
export interface LinkOfUser {
  readonly link: Link & { readonly revision: number };
  readonly user: LocalUser;
}

/** A link of a sign-up that can be used now. */
export interface LinkOfSignUp {
  readonly link: Link;
  readonly inviter: InviterAsRead;
}

/** The links that can be used now. */
export type LinkUses = ReturnType<typeof createLinkUses>;

/** Finds the links that can be used now. A forged token is refused without a read. */
export function createLinkUses({ links, users, clients, linkTokens, clock }: LinkUseParts) {
  const inviterOf = createInviterOf({ users, clients });

  async function find(token: string): Promise<Link> {
    const id = linkTokens.read(token);
    if (id === undefined) throw invalidLink("forged");
    const link = await links.byId(id);
    if (link === undefined) throw invalidLink("used, expired or unknown");
    if (link.expiresAt <= clock()) throw invalidLink("expired");
    return link;
  }

  /** The user of a link. The account must be as it was when the link was made. */
  async function withUser(link: Link): Promise<LinkOfUser> {
    const { userId, revision } = link;
    if (userId === null || revision === null) throw invalidLink("of no account");
    const user = await users.byId(userId);
    if (!user?.active) throw invalidLink("the user is gone or disabled");
    if (user.revision !== revision) throw invalidLink("older than the password");
    // A mail to an earlier address must open nothing.
    if (link.purpose !== "change_email" && user.email !== link.email)
      throw invalidLink("sent to an earlier address");
    return { link: { ...link, revision }, user };
  }

  return {
    /** @throws {LatchkeyError} `invalid_link` */
    async ofUser(token: string, ...purposes: readonly LinkPurpose[]): Promise<LinkOfUser> {
      return withUser(forPurpose(await find(token), purposes));
    },
    /** @throws {LatchkeyError} `invalid_link` */
    async signUp(token: string): Promise<LinkOfSignUp> {
      const link = forPurpose(await find(token), ["sign_up"]);
      return { link, inviter: await inviterOf(link) };
    },
    /** @throws {LatchkeyError} `invalid_link` */
    async describeLink(token) {
      const link = await find(token);
      const { purpose, email, expiresAt } = link;
      if (purpose === "sign_up") await inviterOf(link);
      const username = purpose === "sign_up" ? null : (await withUser(link)).user.username;
      return { purpose, email, expiresAt, username };
    },
  } satisfies LinkReading & Record<string, unknown>;
}

function forPurpose(link: Link, purposes: readonly LinkPurpose[]): Link {
  if (!purposes.includes(link.purpose)) throw invalidLink("of another purpose");
  return link;
}
