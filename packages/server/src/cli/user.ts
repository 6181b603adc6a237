import { print } from "../terminal.ts";
import type { Given } from "./command.ts";
import { askNewPassword } from "./password-input.ts";
import { byOperator, withUsers } from "./user-access.ts";

/** `latchkey user add`. */
export function addUser(given: Given<"email" | "name" | "role" | "must-change">): Promise<void> {
  const { config, words, option, options, has } = given;
  return withUsers(config, async ({ people, userChanges }) => {
    const person = {
      username: words[0] ?? "",
      email: option("email") ?? "",
      displayName: option("name") ?? null,
      roles: options("role").length > 0 ? options("role") : ["user"],
    };
    // Before the operator types a password for nothing.
    await people.assertFree(person);
    const mustChange = has("must-change");
    const { id } = await userChanges.add(
      { ...person, password: await askNewPassword(), mustChange },
      byOperator,
    );
    print(`added ${id}`);
  });
}

/** `latchkey user passwd`. */
export function changePassword({ config, words: [name = ""], has }: Given<"must-change">): Promise<void> {
  return withUsers(config, async ({ userChanges }) => {
    const { id, username } = await userChanges.byName(name);
    const mustChange = has("must-change");
    await userChanges.setPassword(id, await askNewPassword(), { ...byOperator, mustChange });
    print(`changed the password of ${username}; all their sessions have ended`);
  });
}
