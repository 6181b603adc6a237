import { type Caller, eventOf } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { LatchkeyError } from "../errors.ts";
import type { MailLanguage } from "../mail/mail-kinds.ts";
import { problemOf, WeakPassword } from "../passwords/password-problem.ts";
import { normalized } from "../passwords/passwords.ts";
import { clientOf } from "../stories/current-user.ts";
import { type AuthenticateParts, createAuthenticate } from "../stories/sign-in.ts";
import type { Revocations } from "../tokens/revocations.ts";
import { notice } from "./new-links.ts";
import type { NewPasswords } from "./new-passwords.ts";
import { createPasswordConfirmation, ownUser } from "./own-identity.ts";
import type { OwnAccount } from "./self-service.ts";
import type { LocalUser, Users } from "./users.ts";

export interface OwnPasswordParts extends AuthenticateParts {
  readonly users: Pick<Users, "byId" | "setPassword">;
  readonly newPasswords: NewPasswords;
  readonly revocations: Pick<Revocations, "poll">;
  readonly clock: Clock;
  /** Whether mails are sent. */
  readonly mail: boolean;
}

/** Changes of the own password, with the current one as the proof. */
export function createOwnPassword(
  parts: OwnPasswordParts,
): Pick<OwnAccount, "changePassword" | "changePasswordAtSignIn"> {
  const { users, newPasswords, revocations, clock, mail } = parts;
  const confirm = createPasswordConfirmation(
    users,
    createAuthenticate({ ...parts, refusal: "wrong_password" }),
  );
  const authenticate = createAuthenticate(parts);

  /** What a new password does to the open sessions. */
  interface Endings {
    readonly keepSession?: string;
    readonly keepSessions?: boolean;
  }

  async function set(
    user: LocalUser,
    revision: number,
    passwords: { readonly current: string; readonly new: string },
    endings: Endings,
    about: { readonly caller: Caller; readonly client?: string; readonly language: MailLanguage },
  ): Promise<void> {
    if (normalized(passwords.new) === normalized(passwords.current))
      throw new WeakPassword(problemOf("unchanged"));
    const hash = await newPasswords.hash(passwords.new, user, about.caller);
    const at = clock();
    const client = about.client === undefined ? {} : { client: about.client };
    const event = eventOf("user.password_changed", at, about.caller, {
      subject: user.id,
      ...client,
      reason: "owner",
    });
    const mails = mail ? [notice({ kind: "password_changed", at }, user, about.language)] : [];
    if (!(await users.setPassword(user.id, hash, event, { revision, ...endings, mails })))
      throw new LatchkeyError("conflict", { reason: "the user was changed meanwhile" });
    await revocations.poll();
  }

  return {
    async changePassword(me, { currentPassword, newPassword, endOthers }, caller, language) {
      await using person = await confirm(me, currentPassword, caller);
      const endings = endOthers ? { keepSession: me.sessionId } : { keepSessions: true };
      const passwords = { current: currentPassword, new: newPassword };
      await set(person.user, person.revision, passwords, endings, { caller, ...clientOf(me), language });
    },
    async changePasswordAtSignIn({ username, password }, newPassword, caller, language, clientId) {
      await using person = await authenticate({ username, password }, caller, clientId);
      const user = await ownUser(users, { userId: person.user.id });
      const client = clientId === undefined ? {} : { client: clientId };
      const passwords = { current: password, new: newPassword };
      await set(user, person.revision, passwords, {}, { caller, ...client, language });
    },
  };
}
