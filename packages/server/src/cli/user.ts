import type { Config } from "../config/config.ts";
import type { People } from "../core/stories/people.ts";
import type { User } from "../core/stories/users.ts";
import { print, table } from "../terminal.ts";
import type { Given } from "./command.ts";
import { assertLocal, withDatabase } from "./database-access.ts";
import { askNewPassword } from "./password-input.ts";

/** `latchkey user list`. */
export function listUsers({ config }: Given<never>): Promise<void> {
  return withPeople(config, async (people) => {
    print(...table(["USERNAME", "EMAIL", "NAME", "STATUS", "ROLES"], (await people.list()).map(rowOf)));
  });
}

/** `latchkey user add`. */
export function addUser({ config, words, option, options }: Given<"email" | "name" | "role">): Promise<void> {
  const [username = ""] = words;
  const roles = options("role").length > 0 ? options("role") : ["user"];
  return withPeople(config, async (people) => {
    const person = {
      username,
      email: option("email") ?? "",
      displayName: option("name") ?? null,
      roles,
    };
    await people.assertFree(person);
    const { id } = await people.add(person, await askNewPassword());
    print(`added ${id}`);
  });
}

/** `latchkey user passwd`. */
export function changePassword({ config, words: [name = ""] }: Given<never>): Promise<void> {
  return withPeople(config, async (people) => {
    const { username } = await people.find(name);
    await people.setPassword(username, await askNewPassword());
    print(`changed the password of ${username}; all their sessions have ended`);
  });
}

/** `latchkey user disable`. */
export function disableUser({ config, words: [name = ""] }: Given<never>): Promise<void> {
  return withPeople(config, async (people) => {
    const { username } = await people.setActive(name, false);
    print(`disabled ${username}; all their sessions have ended`);
  });
}

/** `latchkey user enable`. */
export function enableUser({ config, words: [name = ""] }: Given<never>): Promise<void> {
  return withPeople(config, async (people) => {
    const { username } = await people.setActive(name, true);
    print(`enabled ${username}`);
  });
}

/** `latchkey user remove`. */
export function removeUser({ config, words: [name = ""] }: Given<never>): Promise<void> {
  return withPeople(config, async (people) => {
    const { username } = await people.remove(name);
    print(`removed ${username}; all their sessions have ended`);
  });
}

async function withPeople(config: Config, work: (people: People) => Promise<void>): Promise<void> {
  assertLocal(config, "users", "add, change and disable them");
  await withDatabase(config, ({ people }) => work(people));
}

function rowOf({ username, email, displayName, active, roles }: User): string[] {
  return [username, email, displayName ?? "", active ? "active" : "disabled", roles.join(" ")];
}
