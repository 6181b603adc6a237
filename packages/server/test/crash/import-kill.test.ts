import { writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";

const rows = 10_000;
const place = new Place();

function numbers(sql: string): number[] {
  const database = new DatabaseSync(place.database, { timeout: 5_000 });
  try {
    return database
      .prepare(sql)
      .all()
      .flatMap((row) => Object.values(row).map(Number));
  } finally {
    database.close();
  }
}

const imported = () => numbers("select count(*) from users where username like 'person%'")[0] ?? 0;

test("an import that was killed continues: each user is there once, with one event", async () => {
  const server = await place.server();
  const file = place.path("users.jsonl");
  const lines = Array.from({ length: rows }, (_, n) =>
    JSON.stringify({ id: `old-${n}`, username: `person${n}`, email: `person${n}@example.com` }),
  );
  writeFileSync(file, `${lines.join("\n")}\n`);

  for (const enough of [1, rows / 4, rows / 2]) {
    const command = place.start(["user", "import", file]);
    await until("some users are there", () => imported() >= enough, 60_000, 5);
    command.kill("SIGKILL");
    expect(await command.exited).toEqual({ status: null, signal: "SIGKILL" });
  }

  const there = imported();
  expect(there).toBeLessThan(rows);
  expect(await place.latchkey(["user", "import", file])).toEqual({
    status: 0,
    signal: null,
    stdout: `imported ${rows - there} users\n${there} are there already\n`,
    stderr: "",
  });
  expect(imported()).toBe(rows);
  expect(
    numbers("select count(*), count(distinct subject) from audit_events where name = 'user.imported'"),
  ).toEqual([rows, rows]);
  await server.stop();
});
