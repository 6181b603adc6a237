import { eventOf, operator } from "../audit-events.ts";
import { noticesTo } from "../mail/notices.ts";
import { assertGoodPassword } from "../passwords/policy.ts";
import { type Person, passwordContext } from "./person-rules.ts";
import type { ReadAndChange } from "./read-and-change.ts";
import type { UserChangeParts } from "./user-change-parts.ts";
import type { ChangeOptions, UserChanges } from "./user-changes.ts";
import { recordOf } from "./users.ts";

/** New passwords of users, by administrators. */
export function createPasswordSetting(
  parts: UserChangeParts,
  { userOf, readAndChange }: ReadAndChange,
): UserChanges["setPassword"] {
  const { users, clock, notices } = parts;
  return async function setPassword(id, password, options) {
    const { by, mustChange } = options;
    await readAndChange(id, options, "if needed", async (user, terms) => {
      const passwordHash = await hashNewPassword(parts, password, user, options, id);
      const at = clock();
      const reason = by.address === operator.address ? "operator" : "administrator";
      const event = eventOf("user.password_changed", at, by, { subject: id, reason });
      const mails = notices === undefined ? [] : noticesTo(user, { kind: "password_changed", at }, notices);
      return users.setPassword(id, passwordHash, event, { ...terms, mails, mustChange });
    });
    await parts.refuseEnded();
    return recordOf(await userOf(id));
  };
}

/**
 * The hash of a password that the rules accept.
 *
 * @param account id of the account: measures and hashes of one account wait in one turn
 * @throws {WeakPassword} for any other password
 */
export async function hashNewPassword(
  { passwords, passwordRules }: Pick<UserChangeParts, "passwords" | "passwordRules">,
  password: string,
  person: Person,
  { by }: Pick<ChangeOptions, "by">,
  account: string,
): Promise<string> {
  const requester = { address: by.address, account };
  await assertGoodPassword(password, passwordContext(person), passwordRules, requester);
  return passwords.hash(password, requester);
}
