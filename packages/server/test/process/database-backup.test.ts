import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Place } from "@latchkey/testkit/server/server-process";
import { describe, expect, test } from "vitest";

const place = new Place();
const backUp = (target: string, database = place.database) =>
  place.latchkey(["database", "backup", target], { env: { LATCHKEY_DATABASE: database } });

test("a backup never replaces an existing file", async () => {
  await (await place.server()).stop();
  writeFileSync(place.path("kept"), "something else");
  expect(await backUp(place.path("kept"))).toMatchObject({
    status: 1,
    stderr: `latchkey: ${place.path("kept")} exists: a backup never overwrites, so give another name\n`,
  });
  expect(readFileSync(place.path("kept"), "utf8")).toBe("something else");
});

test.for([
  ["a folder that does not exist", "none", "ENOENT"],
  ["a file", "kept", "ENOTDIR"],
])("a backup into %s is refused with the reason", async ([, folder, code]) => {
  const answer = await backUp(place.path(`${folder}/copy.db`));
  expect(answer.status).toBe(1);
  expect(answer.stderr).toMatch(
    new RegExp(`^latchkey: cannot back up to .*/${folder}/copy\\.db \\(${code}.*\\): check its folder`),
  );
});

describe("a backup of", () => {
  test("a file without a database names that file, not the copy", async () => {
    writeFileSync(place.path("letter.db"), "Dear reader, ".repeat(1000));
    const answer = await backUp(place.path("copy.db"), place.path("letter.db"));
    expect(answer.status).toBe(1);
    expect(answer.stderr).toMatch(
      /^latchkey: cannot use the database .*letter\.db \(file is not a database\)/,
    );
    expect(existsSync(place.path("copy.db"))).toBe(false);
  });

  test("a missing database is refused and not created", async () => {
    const answer = await backUp(place.path("copy.db"), place.path("missing.db"));
    expect(answer).toMatchObject({ status: 1, stderr: expect.stringContaining("no database at") });
    expect([existsSync(place.path("missing.db")), existsSync(place.path("copy.db"))]).toEqual([false, false]);
  });

  test("PostgreSQL prints the pg_dump command, without the password", async () => {
    const answer = await place.latchkey(["database", "backup", "copy.dump"], {
      env: {
        LATCHKEY_DATABASE: "postgres://latchkey:hunter2@db.example/latchkey",
        LATCHKEY_SECRET: "s".repeat(40),
      },
    });
    expect(answer.status).toBe(1);
    expect(answer.stderr).toContain(
      "`pg_dump --format=custom --file copy.dump --dbname 'postgres://latchkey@db.example:5432/latchkey'`",
    );
    expect(answer.stderr).not.toContain("hunter2");
  });
});
