import { expect, test } from "vitest";
import { chartOf } from "../peers/chart.ts";
import { ahead, pageOf } from "../peers/page.ts";
import { type ResultRow, type Results, spreadOf } from "../peers/results.ts";

const row: ResultRow = {
  id: "refresh",
  title: "Refreshes",
  how: "In a closed loop.",
  better: "more",
  columns: [
    { name: "rate", unit: "/s" },
    { name: "p99", unit: "ms" },
  ],
  values: {
    latchkey: [spreadOf([2500, 2400, 2600]), spreadOf([30, 40, 50])],
    other: [spreadOf([900, 1000, 1100]), null],
    idle: [null, null],
  },
  limit: { name: "appends", values: [{ median: 3000, quartiles: [2900, 3100], rounds: [3000] }, null] },
};

const results: Results = {
  date: "2026-01-02",
  machine: ["a processor", "two of them"],
  contestants: [
    { id: "latchkey", name: "Latchkey", version: "0.1.0", configuration: "its own", leavesOut: {} },
    {
      id: "other",
      name: "Other <1>",
      version: "2.0.0",
      configuration: "as documented",
      leavesOut: { refresh: "stores nothing" },
    },
    { id: "idle", name: "Idle", version: "3.0.0", configuration: "as documented", leavesOut: {} },
  ],
  rows: [row],
};

const page = pageOf(results);

test("a figure is the median of its rounds, with the quartiles", () => {
  expect(page).toContain("| Latchkey | 2,500 (2,400 to 2,600) | 40.00 (30.00 to 50.00) |");
});

test("a figure that a product does not have is a dash, and a product without the row is not in its table", () => {
  expect(page).toContain("| Other <1> | 1,000 (900 to 1,100) | – |");
  expect(page).not.toContain("| Idle | –");
});

test("the row has its limit, its picture, and what is left out for a figure", () => {
  expect(page).toContain("| _limit: appends_ | 3,000 (2,900 to 3,100) | – |");
  expect(page).toContain("![Refreshes](performance/refresh.svg)");
  expect(page).toContain("- Other <1>: stores nothing");
});

test("the page gives the reasons of the products that are ahead, and no others", () => {
  const values = { ...row.values, pocketbase: [spreadOf([2600]), null], other: [spreadOf([2700]), null] };
  const behind = pageOf({
    ...results,
    contestants: [
      ...results.contestants,
      { id: "pocketbase", name: "PocketBase", version: "1", configuration: "-", leavesOut: {} },
    ],
    rows: [{ ...row, values }],
  });
  expect(ahead({ ...row, values })).toEqual(["other", "pocketbase"]);
  expect(behind).toContain("\n\nPocketBase signs a new token and writes nothing");
  expect(page).not.toContain("signs a new token");
});

test("the page names the date, the machine and each version", () => {
  for (const part of ["2026-01-02", "- two of them", "| Idle | 3.0.0 | as documented |"])
    expect(page).toContain(part);
});

test("a picture has a bar for each figure, and no text of a product as markup", () => {
  const names = new Map(results.contestants.map(({ id, name }) => [id, name]));
  const picture = chartOf(row, names);
  expect(picture.match(/<rect class="ours"/g)).toHaveLength(1);
  expect(picture.match(/<rect class="other"/g)).toHaveLength(1);
  expect(picture.match(/<rect class="limit"/g)).toHaveLength(1);
  expect(picture).toContain("Other &lt;1>");
  expect(picture).not.toContain("<1>");
});
