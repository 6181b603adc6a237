import { expect, test } from "vitest";
import { tableLayout } from "../../src/table-layout.ts";

const heading = ["NAME", "ROLES"];
const everywhere = Number.POSITIVE_INFINITY;

test("columns are aligned, also on the next pages, and lines have no blank end", () => {
  const layout = tableLayout(heading, everywhere);
  expect(layout([["alice", "user"]])).toEqual(["NAME   ROLES", "alice  user"]);
  expect(layout([["al", "admin"]])).toEqual(["al     admin"]);
  expect(layout([["alexandra", ""]])).toEqual(["alexandra"]);
  expect(layout([["al", "user"]])).toEqual(["al         user"]);
});

test("names of wide and of combined characters are aligned", () => {
  const rows = [
    ["漢字", "a"],
    ["zoë", "b"],
    ["zoe\u0308", "c"],
    ["🙂", "d"],
  ];
  const lines = tableLayout(heading, everywhere)(rows);
  expect(lines).toEqual(["NAME  ROLES", "漢字  a", "zoë   b", "zoe\u0308   c", "🙂    d"]);
});

test("control characters are shown escaped, and counted in that form", () => {
  const lines = tableLayout(heading, everywhere)([["a\u001b", "x"]]);
  expect(lines).toEqual(["NAME     ROLES", "a\\u{1b}  x"]);
});

test("a table that is wider than the terminal becomes blocks", () => {
  const layout = tableLayout(heading, 12);
  expect(layout([["alice", "user"]])).toEqual(["NAME   ROLES", "alice  user"]);
  const narrow = tableLayout(heading, 11);
  expect(
    narrow([
      ["alice", "user"],
      ["bob", ""],
    ]),
  ).toEqual(["NAME   alice", "ROLES  user", "", "NAME   bob", "ROLES"]);
  expect(narrow([["eve", "x"]])).toEqual(["", "NAME   eve", "ROLES  x"]);
});

test("an empty table is its heading", () => {
  expect(tableLayout(heading, 3)([])).toEqual(["NAME  ROLES"]);
});
