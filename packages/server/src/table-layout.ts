import { visible } from "./terminal.ts";

/** Characters that take two columns of a terminal, as far as names have them. */
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

/** The columns between two cells. */
const gap = "  ";

/** Lays out the next rows of a table. The first call adds the heading. */
export type TableLayout = (rows: readonly (readonly string[])[]) => string[];

/**
 * A table in aligned columns, laid out page by page. A column that has grown stays as wide. If the first page does not
 * fit into the terminal, each row becomes a block with one cell a line: a broken line would hide the columns.
 *
 * @param columns of the terminal; infinite for a pipe or a file
 */
export function tableLayout(heading: readonly string[], columns: number): TableLayout {
  const widths = heading.map(widthOf);
  let form: "lines" | "blocks" | undefined;

  return (rows) => {
    const cells = rows.map((row) => row.map(visible));
    for (const row of cells)
      for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell));
    const first = form === undefined;
    form ??= total(widths) > columns && cells.length > 0 ? "blocks" : "lines";
    if (form === "blocks") return cells.flatMap((row, at) => block(heading, row, first && at === 0));
    return [...(first ? [heading] : []), ...cells].map((row) => line(row, widths));
  };
}

/** The columns that a table may use: those of the terminal on standard output. */
export function terminalColumns(): number {
  return process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
}

function line(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, at) => padded(cell, widths[at] ?? 0))
    .join(gap)
    .trimEnd();
}

function block(heading: readonly string[], row: readonly string[], isFirst: boolean): string[] {
  const term = Math.max(...heading.map(widthOf));
  const lines = row.map((cell, at) => `${padded(heading[at] ?? "", term)}${gap}${cell}`.trimEnd());
  return isFirst ? lines : ["", ...lines];
}

function padded(cell: string, width: number): string {
  return cell + " ".repeat(Math.max(0, width - widthOf(cell)));
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, gap.length * (widths.length - 1));
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The columns that a text takes on a terminal. */
function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}
