import { shown } from "../row.ts";
import type { ResultRow } from "./results.ts";

const width = 720;
const labels = 220;
const line = 28;
const bar = 16;
/** The place for the figure at the end of the longest bar. */
const figures = 120;

/** A picture of the first column of a row, as SVG: one bar for each product, in the order of the page. */
export function chartOf(row: ResultRow, names: ReadonlyMap<string, string>): string {
  const [column] = row.columns;
  const bars = [...names].flatMap(([id, name]) => {
    const value = row.values[id]?.[0]?.median;
    return value === undefined ? [] : [{ name, value, isOurs: id === "latchkey" }];
  });
  const limit = row.limit?.values[0]?.median;
  const longest = Math.max(...bars.map(({ value }) => value), limit ?? 0);
  const lengthOf = (value: number) => ((width - labels - figures) * value) / longest;
  const height = (bars.length + (limit === undefined ? 0 : 1)) * line + 40;
  const drawn = [
    ...bars.map(({ name, value, isOurs }) => ({ name, value, kind: isOurs ? "ours" : "other" })),
    ...(limit === undefined ? [] : [{ name: "the machine's limit", value: limit, kind: "limit" }]),
  ].map(({ name, value, kind }, index) => {
    const y = 34 + index * line;
    const end = labels + lengthOf(value);
    return [
      `<text x="${labels - 8}" y="${y + 13}" text-anchor="end">${escaped(name)}</text>`,
      `<rect class="${kind}" x="${labels}" y="${y}" width="${Math.max(1, end - labels).toFixed(1)}" height="${bar}"/>`,
      `<text x="${(end + 6).toFixed(1)}" y="${y + 13}">${shown(value)} ${escaped(column?.unit ?? "")}</text>`,
    ].join("\n  ");
  });
  const title = `${row.title}: ${column?.name}, ${row.better} is better`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
  <style>
    text { font: 13px system-ui, sans-serif; fill: #222 }
    .title { font-weight: 600 }
    .ours { fill: #1a7f5a }
    .other { fill: #9aa5b1 }
    .limit { fill: none; stroke: #9aa5b1; stroke-dasharray: 3 2 }
    @media (prefers-color-scheme: dark) { text { fill: #ddd } .ours { fill: #3fbf8f } .other { fill: #5b6672 } }
  </style>
  <text class="title" x="0" y="16">${escaped(title)}</text>
  ${drawn.join("\n  ")}
</svg>
`;
}

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
