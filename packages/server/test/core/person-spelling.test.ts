import { afterEach, beforeEach, expect, test } from "vitest";
import { operator } from "../../src/core/audit-events.ts";
import { importUsers } from "../../src/core/people/import-users.ts";
import { readImportedUser } from "../../src/core/people/imported-user.ts";
import type { Person } from "../../src/core/people/person-rules.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { userChangesOf } from "./people-of.ts";

let store: Store;
beforeEach(async () => {
  store = await openStore({ place: { engine: "memory" }, onAudit: () => {} });
});
afterEach(() => store.close());

const person = { username: "bob", email: "bob@example.com", displayName: null, roles: ["user"] };

async function added(given: Person) {
  const changes = userChangesOf(store);
  return changes.add({ ...given, password: "correct horse battery" }, { by: operator });
}

async function changed(given: Person) {
  const { id } = await added({ ...person, username: "earlier", email: "earlier@example.com" });
  return userChangesOf(store).change(id, given, { by: operator });
}

async function imported({ username, email, displayName, roles }: Person) {
  const user = readImportedUser({ username, email, display_name: displayName, roles });
  await importUsers(
    (async function* () {
      yield { line: 1, user };
    })(),
    {
      ...{ table: await store.userImport(), clock: Date.now, by: operator, roles: ["user"] },
      onProblem: (_, problem) => expect.fail(problem),
      onProgress: () => {},
    },
  );
  return userChangesOf(store).byName("bob");
}

const many = Array.from({ length: 60 }, () => "admin");

test.each<[Partial<Person>, Partial<Person>]>([
  [{ roles: ["admin", "admin", "user", "admin"] }, { roles: ["admin", "user"] }],
  [{ roles: many }, { roles: ["admin"] }],
  [{ displayName: "" }, { displayName: null }],
  [{ displayName: " \t\u00a0\u3000" }, { displayName: null }],
  [{ displayName: "\u2800\u3164" }, { displayName: null }],
  [{ displayName: "  Bob B. " }, { displayName: "Bob B." }],
  [{ username: " bob " }, { username: "bob" }],
  [{ email: " bob@example.com " }, { email: "bob@example.com" }],
])("%j is stored as %j by an addition, a change and an import", async (given, expected) => {
  for (const way of [added, changed, imported]) {
    const user = await way({ ...person, ...given });
    expect(user, way.name).toMatchObject({ ...person, ...expected });
    await userChangesOf(store).remove(user.id, { by: operator, last: "go on" });
  }
});
