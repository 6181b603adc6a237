import { print } from "../terminal.ts";
import type { Given } from "./command.ts";
import { UsageProblem } from "./failures.ts";
import { askNewPassword } from "./password-input.ts";
import { assertMail, sendResetMail, sendsMails } from "./reset-mail.ts";
import { byOperator, withUsers } from "./user-access.ts";

type AddOptions = "email" | "name" | "role" | "must-change" | "no-password";

/** `latchkey user add`. */
export function addUser({ config, words, option, options, has }: Given<AddOptions>): Promise<void> {
  const mustChange = has("must-change");
  const withoutPassword = has("no-password");
  if (mustChange && withoutPassword)
    throw new UsageProblem(
      "--must-change and --no-password exclude one another: no password is known to change",
    );
  return withUsers(config, async ({ people, userChanges, store }) => {
    const person = {
      username: words[0] ?? "",
      email: option("email") ?? "",
      displayName: option("name") ?? null,
      roles: options("role").length > 0 ? options("role") : ["user"],
    };
    // Before the operator types a password for nothing.
    await people.assertFree(person);
    const password = withoutPassword ? undefined : await askNewPassword();
    const user = await userChanges.add({ ...person, password, mustChange }, byOperator);
    print(`added ${user.id}`);
    if (!withoutPassword) return;
    if (sendsMails(config)) await sendResetMail(config, store, user);
    else print(`nobody knows the password: \`latchkey user passwd ${user.username}\` sets one`);
  });
}

/** `latchkey user passwd`. */
export function changePassword(given: Given<"must-change" | "mail">): Promise<void> {
  const { config, words, has } = given;
  const [name = ""] = words;
  const mustChange = has("must-change");
  if (mustChange && has("mail"))
    throw new UsageProblem("--must-change and --mail exclude one another: the link sets a password already");
  return withUsers(config, async ({ userChanges, store }) => {
    const user = await userChanges.byName(name);
    if (has("mail")) {
      assertMail(config);
      return sendResetMail(config, store, user);
    }
    await userChanges.setPassword(user.id, await askNewPassword(), { ...byOperator, mustChange });
    print(`changed the password of ${user.username}; all their sessions have ended`);
  });
}
