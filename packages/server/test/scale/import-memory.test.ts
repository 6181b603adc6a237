import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Place } from "@latchkey/testkit/server/server-process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { foreignVectors } from "../core/foreign-vectors.ts";
import { engines, type ScaleDatabase } from "./engines.ts";
import { runInSmallHeap } from "./small-heap.ts";

const place = new Place();
const hash = foreignVectors.find(([origin]) => origin === "passlib bcrypt 2b")?.[1];

/** PostgreSQL takes longer for a row, so its rows are fewer and longer: both files are beyond the heap. */
const files = {
  SQLite: { users: 100_000, roles: ["editor", "reader"] },
  PostgreSQL: { users: 20_000, roles: Array.from({ length: 50 }, (_, n) => `${n}`.padEnd(60, "role")) },
} as const;

describe.each(engines)("on %s", (engine, open) => {
  const { users, roles } = files[engine];
  const file = place.path(`${engine}.jsonl`);
  let database: ScaleDatabase;
  beforeAll(async () => {
    database = await open(place);
    await pipeline(Readable.from(linesOf(users, roles)), createWriteStream(file));
  });
  afterAll(() => database[Symbol.asyncDispose]());

  test("the memory of a dry run does not grow with its file", async () => {
    const stdout = await runInSmallHeap(place, ["user", "import", file, "--dry-run"], database.env);
    expect(stdout).toBe(`would import ${users} users\n`);
  });

  test("nor does that of an import", async () => {
    const stdout = await runInSmallHeap(place, ["user", "import", file], database.env);
    expect(stdout).toBe(`imported ${users} users\n`);
    const [row] = await database.query("select count(*) as users from users where username like 'u%'");
    expect(Number(row?.["users"])).toBe(users);
  });
});

function* linesOf(users: number, roles: readonly string[]): Generator<string> {
  for (let n = 0; n < users; n++) {
    const fields = { username: `u${n}`, email: `u${n}@example.com`, roles, password_hash: hash };
    yield `${JSON.stringify({ ...fields, display_name: `User ${n} ${"of a long name ".repeat(4)}`.trim() })}\n`;
  }
}
