import { choice } from "../config/values.ts";
import type { SearchPosition } from "../core/people/user-search.ts";
import type { UserRecord } from "../core/people/users.ts";
import { rfc3339 } from "../core/wire-fields.ts";
import { userAnswer } from "../http/admin/admin-answers.ts";
import type { Given } from "./command.ts";
import { readArgument, UsageProblem } from "./failures.ts";
import { type Listing, printOne, printPages, printParts } from "./listing.ts";
import { withUsers } from "./user-access.ts";

type Filters = "search" | "role" | "status" | "verified" | "unverified";

/** `latchkey user list`. */
export function listUsers(given: Given<"json" | "limit" | "after" | Filters>): Promise<void> {
  const { config, option } = given;
  const filters = filtersOf(given);
  return withUsers(config, ({ people, userChanges }) =>
    filters === undefined
      ? printPages(given, {
          ...listing,
          after: option("after"),
          read: (page) => people.list(page),
          positionOf: ({ username }) => username,
          cursorOf: ({ username }) => username,
        })
      : printParts(given, {
          ...listing,
          after: positionIn(option("after")),
          async read({ after, limit }) {
            const { users: rows, next } = await userChanges.search({ ...filters, limit, after });
            return { rows, next };
          },
          cursorOf: textOf,
        }),
  );
}

/** `latchkey user show`. */
export function showUser(given: Given<"json">): Promise<void> {
  const [name = ""] = given.words;
  return withUsers(given.config, async ({ userChanges, store }) => {
    const user = await userChanges.byName(name);
    printOne(given, shownUser, {
      ...user,
      liveSessions: await store.sessions.countLive(user.id, Date.now()),
    });
  });
}

/** The filters of the command line. Undefined without any: then the list has every user, by name. */
function filtersOf({ option, has }: Given<Filters>) {
  const [search, role, status] = [option("search"), option("role"), option("status")];
  if (has("verified") && has("unverified"))
    throw new UsageProblem("--verified and --unverified exclude one another");
  const verified = has("verified") ? true : has("unverified") ? false : undefined;
  if ([search, role, status, verified].every((filter) => filter === undefined)) return undefined;
  const active =
    status === undefined
      ? undefined
      : readArgument(`--status=${status}`, () => choice("active", "disabled")(status)) === "active";
  return { search, role, active, verified };
}

function textOf({ branch, key, id }: SearchPosition): string {
  return Buffer.from(JSON.stringify([branch, key, id])).toString("base64url");
}

function positionIn(text: string | undefined): SearchPosition | undefined {
  if (text === undefined) return undefined;
  const [branch, key, id] = membersIn(text);
  if (typeof branch === "number" && typeof key === "string" && typeof id === "string")
    return { branch, key, id };
  throw new UsageProblem(
    `--after=${text}: expected the value that the page before named, with the same filters`,
  );
}

function membersIn(text: string): readonly unknown[] {
  try {
    const members: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    return Array.isArray(members) ? members : [];
  } catch {
    return [];
  }
}

const listing: Listing<UserRecord> = {
  heading: ["USERNAME", "EMAIL", "NAME", "STATUS", "ROLES"],
  cells: ({ username, email, displayName, active, roles }) => [
    username,
    email,
    displayName ?? "",
    active ? "active" : "disabled",
    roles.join(" "),
  ],
  fields: userAnswer,
};

const shownUser: Listing<UserRecord & { readonly liveSessions: number }> = {
  heading: [
    ...["ID", ...listing.heading],
    ...["SESSIONS", "ADDED", "LAST LOGIN", "PASSWORD CHANGED", "MUST CHANGE", "EMAIL VERIFIED"],
  ],
  cells: (user) => [
    user.id,
    ...listing.cells(user),
    String(user.liveSessions),
    timeOf(user.createdAt),
    timeOf(user.lastLoginAt),
    timeOf(user.passwordChangedAt),
    user.mustChangePassword ? "yes" : "no",
    timeOf(user.emailVerifiedAt),
  ],
  fields: (user) => ({ ...userAnswer(user), live_sessions: user.liveSessions }),
};

function timeOf(at: number | null): string {
  return at === null ? "" : rfc3339(at);
}
