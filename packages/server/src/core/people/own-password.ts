import { type Caller, eventOf } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { LatchkeyError } from "../errors.ts";
import type { MailLanguage } from "../mail/mail-kinds.ts";
import { noticesTo } from "../mail/notices.ts";
import { problemOf, WeakPassword } from "../passwords/password-problem.ts";
import { normalized } from "../passwords/passwords.ts";
import { clientOf } from "../stories/current-user.ts";
import { type AuthenticateParts, createAuthenticate } from "../stories/sign-in.ts";
import type { Revocations } from "../tokens/revocations.ts";
import type { NewPasswords } from "./new-passwords.ts";
import { createPasswordConfirmation, ownUser } from "./own-identity.ts";
import type { OwnAccount } from "./self-service.ts";
import type { LocalUser, PasswordTerms, Users } from "./users.ts";

/** The parts of the changes of the own password. */
export interface OwnPasswordParts extends AuthenticateParts {
  readonly users: Pick<Users, "byId" | "setPassword">;
  readonly newPasswords: NewPasswords;
  readonly revocations: Pick<Revocations, "poll">;
  readonly clock: Clock;
  /** Whether mails are sent. */
  readonly mail: boolean;
}

/** A change with the right current password. */
interface Change {
  readonly user: LocalUser;
  /** The revision that the current password was checked with. */
  readonly revision: number;
  readonly current: string;
  readonly chosen: string;
  /** The sessions that go on. */
  readonly sessions: Pick<PasswordTerms, "keepSession" | "keepSessions">;
  readonly caller: Caller;
  readonly client?: string | undefined;
  readonly language: MailLanguage;
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

  async function set({ user, revision, current, chosen, sessions, ...about }: Change): Promise<void> {
    const { caller, client, language } = about;
    if (normalized(chosen) === normalized(current)) throw new WeakPassword(problemOf("unchanged"));
    const hash = await newPasswords.hash(chosen, user, caller);
    const at = clock();
    const event = eventOf("user.password_changed", at, caller, {
      subject: user.id,
      ...(client !== undefined && { client }),
      reason: "owner",
    });
    const mails = mail ? noticesTo(user, { kind: "password_changed", at }, language) : [];
    if (!(await users.setPassword(user.id, hash, event, { revision, ...sessions, mails })))
      throw new LatchkeyError("conflict", { reason: "the user was changed meanwhile" });
    await revocations.poll();
  }

  return {
    async changePassword(me, { currentPassword, newPassword, endOthers }, caller, language) {
      await using person = await confirm(me, currentPassword, caller);
      const { user, revision } = person;
      const sessions = endOthers ? { keepSession: me.sessionId } : { keepSessions: true };
      const passwords = { current: currentPassword, chosen: newPassword };
      await set({ user, revision, ...passwords, sessions, caller, ...clientOf(me), language });
    },
    async changePasswordAtSignIn({ username, password }, newPassword, caller, language, clientId) {
      await using person = await authenticate({ username, password }, caller, clientId);
      const user = await ownUser(users, { userId: person.user.id });
      const passwords = { current: password, chosen: newPassword };
      const { revision } = person;
      await set({ user, revision, ...passwords, sessions: {}, caller, client: clientId, language });
    },
  };
}
