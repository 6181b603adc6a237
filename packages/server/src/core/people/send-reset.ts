import { eventOf } from "../audit-events.ts";
import { LatchkeyError } from "../errors.ts";
import type { Links } from "./links.ts";
import { createNewLinks, type NewLinkParts } from "./new-links.ts";
import type { PasswordResets } from "./self-service.ts";
import type { SelfServiceLimits } from "./self-service-limits.ts";
import type { Users } from "./users.ts";

/** The parts of the reset links of administrators. */
export interface SendResetParts extends NewLinkParts {
  readonly users: Pick<Users, "byId">;
  readonly links: Pick<Links, "add">;
  readonly limits: Pick<SelfServiceLimits, "sentReset">;
}

/** Sends reset links for administrators and operators. */
export function createSendReset(parts: SendResetParts): PasswordResets["sendReset"] {
  const { users, links, limits, clock } = parts;
  const newLinks = createNewLinks(parts);
  return async function sendReset(userId, by, language) {
    const user = await users.byId(userId);
    if (!user?.active) throw new LatchkeyError("not_found", { reason: "the user is gone or disabled" });
    await limits.sentReset(user.id);
    const { link, mail } = newLinks.ofUser("reset", user, user.email, language);
    const event = eventOf("reset.requested", clock(), by, { subject: user.id });
    if (!(await links.add(link, [mail], [event])))
      throw new LatchkeyError("conflict", { reason: "the user was changed meanwhile" });
  };
}
