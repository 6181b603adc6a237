import { login, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, type Environment, Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, describe, expect, test } from "vitest";
import { replicaEnvironment } from "../postgres/replica.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";
import { objects } from "./json-lines.ts";
import { expectUsageError } from "./refusal.ts";

const place = new Place({ commands: "here" });
const password = "correct horse battery staple";
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

describe.for<[string, () => Promise<Environment>]>([
  ["SQLite", async () => ({ LATCHKEY_DATABASE: place.path("audit.db") })],
  ["PostgreSQL", async () => replicaEnvironment(await newDatabase())],
])("latchkey audit on %s", ([, database]) => {
  let env: Environment;
  const latchkey = (...args: string[]) => place.latchkey(args, { env, input: `${password}\n` });
  const events = async (...args: string[]) => objects((await latchkey("audit", "--json", ...args)).stdout);
  const names = async (...args: string[]) => (await events(...args)).map(({ name }) => name);

  beforeAll(async () => {
    env = await database();
    const server = await place.server({ env });
    await latchkey("user", "add", "alice", "--email", "alice@example.com");
    await signIn(server.url, "alice", password);
    await login(server.url, "alice", "wrong");
    await signIn(server.url, "admin", adminPassword);
    await latchkey("user", "remove", "alice");
    await server.stop();
  });

  test("lists all events, newest first, in the names of the wire", async () => {
    const all = await events();
    expect(all.map(({ name, subject }) => [name, subject])).toEqual([
      ["user.removed", "user:alice"],
      ["login.succeeded", "user:admin"],
      ["login.failed", "user:alice"],
      ["login.succeeded", "user:alice"],
      ["user.added", "user:alice"],
      ["user.added", "user:admin"],
    ]);
    expect(all[2]).toEqual({
      number: expect.any(Number),
      at: time,
      name: "login.failed",
      subject: "user:alice",
      address: "127.0.0.1",
      request_id: expect.any(String),
      reason: "wrong_password",
      replica: expect.any(String),
    });
  });

  test("lists the events of one user, who may be gone", async () => {
    expect(await names("ADMIN@localhost")).toEqual(["login.succeeded", "user.added"]);
    expect(await names("user:alice")).toEqual([
      "user.removed",
      "login.failed",
      "login.succeeded",
      "user.added",
    ]);
  });

  test("lists events of several names", async () => {
    expect(await names("--event", "login.failed", "--event", "user.removed")).toEqual([
      "user.removed",
      "login.failed",
    ]);
  });

  test("lists events from a time on, and before a time", async () => {
    const all = await events();
    const at = String(all[2]?.["at"]);
    const expected = (matches: (event: string) => boolean) =>
      all.filter((event) => matches(String(event["at"]))).map(({ name }) => name);
    expect(await names("--from", at)).toEqual(expected((event) => event >= at));
    expect(await names("--to", at)).toEqual(expected((event) => event < at));
    expect(await names("--from", "1h")).toHaveLength(all.length);
    expect(await names("--to", "1h")).toEqual([]);
  });

  test("is read in pages, and each page says how to go on", async () => {
    const all = await events();
    const first = await latchkey("audit", "--json", "--limit", "2");
    expect(objects(first.stdout)).toEqual(all.slice(0, 2));
    const after = String(all[1]?.["number"]);
    expect(first.stderr).toBe(`latchkey: the list goes on with --after ${after}\n`);
    const rest = await latchkey("audit", "--json", "--after", after);
    expect(objects(rest.stdout)).toEqual(all.slice(2));
    expect(rest.stderr).toBe("");
  });

  test("prints a table", async () => {
    const { stdout } = await latchkey("audit", "--event", "login.failed");
    expect(stdout).toMatch(
      /^NUMBER +TIME +EVENT +SUBJECT +ACTOR +FROM +REASON +CLIENT +RESOURCE *\n\d+ +\S+Z +login\.failed +user:alice +127\.0\.0\.1 +wrong_password *\n$/,
    );
  });

  test("says that no event was found, for a user who is unknown", async () => {
    const shown = await latchkey("audit", "nobody", "--json");
    expect(shown).toMatchObject({ status: 0, stdout: "", stderr: "latchkey: no event was found\n" });
  });
});

test.for<[string, string[], RegExp]>([
  ["an unknown event", ["--event", "login.faild"], /--event=login.faild: did you mean login.failed\?/],
  ["a time of no calendar", ["--from", "2026-02-31"], /--from=2026-02-31: expected a time such as/],
  ["a text for a time", ["--to", "yesterday"], /--to=yesterday: expected a time such as/],
  ["an odd duration", ["--from", "2weeks"], /--from=2weeks: expected a duration/],
  ["times in the wrong order", ["--from", "1h", "--to", "2h"], /--from has to be earlier than --to/],
  ["an odd number", ["--after", "ten"], /--after=ten: expected the number of an event/],
])("latchkey audit refuses %s", async ([, args, why]) => {
  expectUsageError(await place.latchkey(["audit", ...args]), why);
});
