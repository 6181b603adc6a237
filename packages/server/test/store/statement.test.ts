import { describe, expect, test } from "vitest";
import { openSqlite } from "../../src/store/sqlite/engine.ts";
import { statement } from "../../src/store/statement.ts";

describe("a statement", () => {
  test("numbers each name once, in the order of the text", () => {
    const range = statement<{ to: number; from: number }>("select :from, :to, :from + 1");
    expect(range.sql).toBe("select $1, $2, $1 + 1");
    expect(range.numbered({ to: 9, from: 3 })).toEqual([3, 9]);
  });

  test("throws if a caller leaves out a value that the text names", () => {
    const misspelt = statement<{ name: string }>("select :nmae");
    expect(() => misspelt.numbered({ name: "alice" })).toThrow("no value for :nmae");
  });

  test("takes more than nine values on SQLite, each at its place", async () => {
    const database = await openSqlite({ path: ":memory:" });
    const names = Array.from({ length: 12 }, (_, index) => `v${index}`);
    const values = Object.fromEntries(names.map((name, index) => [name, index]));
    const all = statement<Record<string, number>, Record<string, number>>(
      `select ${names.map((name) => `:${name} as ${name}`).join(", ")}`,
    );
    expect(await database.all(all, values)).toEqual([values]);
    await database.close();
  });
});
