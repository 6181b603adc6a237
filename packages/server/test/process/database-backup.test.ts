import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Place } from "./server-process.ts";

const place = new Place();
const backUp = (target: string, database = place.database) =>
  place.latchkey(["database", "backup", target], { env: { LATCHKEY_DATABASE: database } });

test("a backup refuses a name that exists, and leaves that file as it is", async () => {
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
])("a backup into %s says so", async ([, folder, code]) => {
  const answer = await backUp(place.path(`${folder}/copy.db`));
  expect(answer.status).toBe(1);
  expect(answer.stderr).toMatch(
    new RegExp(`^latchkey: cannot back up to .*/${folder}/copy\\.db \\(${code}.*\\): check its folder`),
  );
});

describe("a backup of", () => {
  test("a file that holds no database names that file, not the copy", async () => {
    writeFileSync(place.path("letter.db"), "Dear reader, ".repeat(1000));
    const answer = await backUp(place.path("copy.db"), place.path("letter.db"));
    expect(answer.status).toBe(1);
    expect(answer.stderr).toMatch(
      /^latchkey: cannot use the database .*letter\.db \(file is not a database\)/,
    );
    expect(existsSync(place.path("copy.db"))).toBe(false);
  });

  test("a database that does not exist says so, and makes none", async () => {
    const answer = await backUp(place.path("copy.db"), place.path("missing.db"));
    expect(answer).toMatchObject({ status: 1, stderr: expect.stringContaining("there is no database at") });
    expect([existsSync(place.path("missing.db")), existsSync(place.path("copy.db"))]).toEqual([false, false]);
  });

  test("PostgreSQL names the line that makes it, without the password", async () => {
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
