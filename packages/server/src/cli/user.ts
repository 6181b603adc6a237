import type { Config } from "../config/config.ts";
import type { People } from "../core/people/people.ts";
import { LastAdministratorProblem } from "../core/people/person-problem.ts";
import type { LastAdministrator, UserRecord } from "../core/people/users.ts";
import { userFields } from "../mcp/tool-answers.ts";
import { print } from "../terminal.ts";
import type { Given } from "./command.ts";
import { confirm } from "./confirmation.ts";
import { assertLocal, withDatabase } from "./database-access.ts";
import { printPages } from "./listing.ts";
import { askNewPassword } from "./password-input.ts";

/** `latchkey user list`. */
export function listUsers(given: Given<"json" | "limit" | "after">): Promise<void> {
  return withPeople(given.config, (people) =>
    printPages(given, {
      heading: ["USERNAME", "EMAIL", "NAME", "STATUS", "ROLES"],
      cells: rowOf,
      fields: (user) => ({ ...userFields(user), created_at: new Date(user.createdAt).toISOString() }),
      after: given.option("after"),
      read: (page) => people.list(page),
      positionOf: ({ username }) => username,
      cursorOf: ({ username }) => username,
    }),
  );
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
export function disableUser({ config, words: [name = ""], has }: Given<"yes">): Promise<void> {
  return withPeople(config, async (people) => {
    const { username } = await askedAtLast(has("yes"), (last) => people.setActive(name, false, last));
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
export function removeUser({ config, words: [name = ""], has }: Given<"yes">): Promise<void> {
  return withPeople(config, async (people) => {
    const { username } = await askedAtLast(has("yes"), (last) => people.remove(name, last));
    print(`removed ${username}; all their sessions have ended`);
  });
}

/**
 * Makes a change that the last administrator may be named in. The database refuses it in the same step that would make
 * it, so concurrent commands cannot pass unasked. Then the operator is asked.
 */
async function askedAtLast<T>(sure: boolean, change: (last: LastAdministrator) => Promise<T>): Promise<T> {
  if (sure) return change("go on");
  try {
    return await change("refuse");
  } catch (error) {
    if (!(error instanceof LastAdministratorProblem)) throw error;
    await confirm(error.message);
    return change("go on");
  }
}

async function withPeople(config: Config, work: (people: People) => Promise<void>): Promise<void> {
  assertLocal(config, "users", "add, change and disable them");
  await withDatabase(config, ({ people }) => work(people));
}

function rowOf({ username, email, displayName, active, roles }: UserRecord): string[] {
  return [username, email, displayName ?? "", active ? "active" : "disabled", roles.join(" ")];
}
