import { mkdirSync, writeFileSync } from "node:fs";
import { tableOf as markdownTable } from "../markdown-table.ts";
import { shown } from "../row.ts";
import { chartOf } from "./chart.ts";
import { explanations } from "./explanations.ts";
import type { ResultRow, Results, Spread } from "./results.ts";

const ours = "latchkey";

/** Where the page, its figures and its pictures are, for a folder `docs`. */
const pathsIn = (docs: string) => ({
  page: `${docs}/performance.md`,
  results: `${docs}/performance/results.json`,
  picture: (id: string) => `${docs}/performance/${id}.svg`,
});

/** Writes the page with its figures and pictures, or prints it. */
export function writePage(results: Results, { publish }: { readonly publish: boolean }): void {
  if (!publish) {
    process.stdout.write(pageOf(results));
    return;
  }
  const paths = pathsIn(new URL("../../docs", import.meta.url).pathname);
  mkdirSync(new URL("../../docs/performance", import.meta.url), { recursive: true });
  writeFileSync(paths.results, `${JSON.stringify(results, undefined, 1)}\n`);
  writeFileSync(paths.page, pageOf(results));
  for (const row of results.rows) writeFileSync(paths.picture(row.id), chartOf(row, namesIn(results)));
}

const namesIn = ({ contestants }: Results) => new Map(contestants.map(({ id, name }) => [id, name]));

/** `docs/performance.md`, from the results alone. */
export function pageOf(results: Results): string {
  const { date, machine, contestants, rows } = results;
  return `# Performance

\`npm run bench:peers\` fetches the pinned releases below from their registries, measures them beside Latchkey, and
writes this page from [its figures](performance/results.json). It measured on ${date}.

${machine.map((each) => `- ${each}`).join("\n")}
- Each product has processor 0 alone. The load runs on processor 1, in a process of its own, and checks every response.
- The products take turns in each round. A figure is the median of the rounds, with the first and third quartile.
- The processor time of a response is that of all processes of the product.

## The products

${markdownTable(
  ["product", "version", "configuration"],
  contestants.map(({ name, version, configuration }) => [name, version, configuration]),
)}

${rows.map((row) => section(row, results)).join("\n\n")}
`;
}

function section(row: ResultRow, results: Results): string {
  const names = namesIn(results);
  const measured = [...names].filter(([id]) => row.values[id]?.[0]);
  const cells = (values: readonly (Spread | null)[] = []) =>
    row.columns.map((_, column) => cell(values[column] ?? null));
  const table = markdownTable(
    ["product", ...row.columns.map(({ name, unit }) => `${name}, ${unit}`)],
    [
      ...measured.map(([id, name]) => [name, ...cells(row.values[id])]),
      ...(row.limit === undefined ? [] : [[`_limit: ${row.limit.name}_`, ...cells(row.limit.values)]]),
    ],
  );
  const left = results.contestants.flatMap(({ name, leavesOut }) => {
    const what = leavesOut[row.id];
    return what === undefined ? [] : [`- ${name}: ${what}`];
  });
  const why = ahead(row).flatMap((id) => explanations[row.id]?.[id]?.join(" ") ?? []);
  return [
    `## ${row.title}`,
    row.how,
    `![${row.title}](performance/${row.id}.svg)`,
    table,
    ...why,
    ...(left.length === 0 ? [] : [`What is left out for a figure:\n\n${left.join("\n")}`]),
  ].join("\n\n");
}

/** The products with a better median than Latchkey in the first column. */
export function ahead({ values, better }: ResultRow): string[] {
  const mine = values[ours]?.[0]?.median;
  if (mine === undefined) return [];
  return Object.entries(values).flatMap(([id, [first]]) => {
    if (first === undefined || first === null) return [];
    return (better === "more" ? first.median > mine : first.median < mine) ? [id] : [];
  });
}

function cell(spread: Spread | null): string {
  if (spread === null) return "–";
  const [low, high] = spread.quartiles.map((each) => shown(each));
  return `${shown(spread.median)} (${low} to ${high})`;
}
