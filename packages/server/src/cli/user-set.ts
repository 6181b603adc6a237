import type { PersonChange } from "../core/people/user-changes.ts";
import type { UserRecord } from "../core/people/users.ts";
import { print } from "../terminal.ts";
import type { Given } from "./command.ts";
import { UsageProblem } from "./failures.ts";
import { askedAtLast, withUsers } from "./user-access.ts";

type Options =
  | "username"
  | "email"
  | "name"
  | "no-name"
  | "role"
  | "add-role"
  | "remove-role"
  | "verified"
  | "unverified"
  | "must-change"
  | "yes";

/** `latchkey user set`. */
export function setUser(given: Given<Options>): Promise<void> {
  const [name = ""] = given.words;
  const change = changeOf(given);
  return withUsers(given.config, async ({ userChanges }) => {
    const user = await userChanges.byName(name);
    const roles = rolesOf(given, user);
    const changed = await askedAtLast(given.has("yes"), (options) =>
      // Added and removed roles count from those that were read, so the user must not change meanwhile.
      userChanges.change(user.id, { ...change, roles }, { ...options, expectedVersion: user.version }),
    );
    print(
      changed.version === user.version ? `${changed.username} is so already` : `changed ${changed.username}`,
    );
  });
}

/** The values of the options, without the roles. */
function changeOf({ has, option, options }: Given<Options>): PersonChange {
  exclude(has, "name", "no-name");
  exclude(has, "verified", "unverified");
  exclude(has, "role", "add-role");
  exclude(has, "role", "remove-role");
  const both = options("add-role").find((role) => options("remove-role").includes(role));
  if (both !== undefined) throw new UsageProblem(`--add-role and --remove-role both name ${both}`);
  const change = {
    username: option("username"),
    email: option("email"),
    displayName: has("no-name") ? null : option("name"),
    emailVerified: has("verified") ? true : has("unverified") ? false : undefined,
    mustChange: has("must-change") ? true : undefined,
  };
  const changesRoles = has("role") || has("add-role") || has("remove-role");
  if (!changesRoles && Object.values(change).every((value) => value === undefined))
    throw new UsageProblem("user set needs a change: `latchkey help user set` shows all that it takes");
  return change;
}

function rolesOf({ has, options }: Given<Options>, { roles }: UserRecord): readonly string[] | undefined {
  if (has("role")) return options("role");
  if (!has("add-role") && !has("remove-role")) return undefined;
  const kept = roles.filter((role) => !options("remove-role").includes(role));
  return [...kept, ...options("add-role")];
}

function exclude(has: Given<Options>["has"], one: Options, other: Options): void {
  if (has(one) && has(other)) throw new UsageProblem(`--${one} and --${other} exclude one another`);
}
