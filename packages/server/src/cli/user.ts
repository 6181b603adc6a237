import type { User } from "../core/stories/users.ts";
import { print, table } from "../terminal.ts";
import { parseArguments } from "./arguments.ts";
import { assertLocal, type DatabaseAccess, withDatabase } from "./database-access.ts";
import { UsageProblem } from "./failures.ts";
import { askNewPassword } from "./password-input.ts";

/** `latchkey user add|list|passwd|disable|enable|remove`. */
export async function userCommand(args: readonly string[]): Promise<void> {
  const given = parseArguments(args, ["email", "name", "role"]);
  const [verb = "", username, ...more] = given.words;
  if (more.length > 0)
    throw new UsageProblem(
      "user accepts one name; the command asks for the password, which is never an argument",
    );
  const named = (): string => {
    if (username === undefined) throw new UsageProblem(usageOf(verb));
    return username;
  };

  const verbs: Record<string, (access: DatabaseAccess) => Promise<void>> = {
    async list({ people }) {
      print(...table(["USERNAME", "EMAIL", "NAME", "STATUS", "ROLES"], (await people.list()).map(rowOf)));
    },
    async add({ people }) {
      const email = given.option("email");
      if (email === undefined) throw new UsageProblem(usageOf(verb));
      const person = {
        username: named(),
        email,
        displayName: given.option("name") ?? null,
        roles: given.options("role").length > 0 ? given.options("role") : ["user"],
      };
      await people.assertFree(person);
      const { id } = await people.add(person, await askNewPassword());
      print(`added ${id}`);
    },
    async passwd({ people }) {
      const user = await people.find(named());
      await people.setPassword(user.username, await askNewPassword());
      print(`changed the password of ${user.username}; all their sessions have ended`);
    },
    async disable({ people }) {
      const { username } = await people.setActive(named(), false);
      print(`disabled ${username}; all their sessions have ended`);
    },
    async enable({ people }) {
      const { username } = await people.setActive(named(), true);
      print(`enabled ${username}`);
    },
    async remove({ people }) {
      const { username } = await people.remove(named());
      print(`removed ${username}; all their sessions have ended`);
    },
  };
  const command = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (command === undefined) throw new UsageProblem(`usage: latchkey user ${Object.keys(verbs).join("|")}`);
  if (verb === "list" && username !== undefined) throw new UsageProblem("usage: latchkey user list");
  if (verb !== "list") named();
  assertLocal(given.config, "users", "add, change and disable them");
  await withDatabase(given.config, command);
}

/** The usage of a verb that takes a user. */
function usageOf(verb: string): string {
  const options = verb === "add" ? " --email ADDRESS [--name TEXT] [--role ROLE …]" : "";
  return `usage: latchkey user ${verb} NAME${options}`;
}

function rowOf({ username, email, displayName, active, roles }: User): string[] {
  return [username, email, displayName ?? "", active ? "active" : "disabled", roles.join(" ")];
}
