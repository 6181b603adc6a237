import { once } from "node:events";
import { integer } from "../config/values.ts";
import { tableLayout, terminalColumns } from "../table-layout.ts";
import { print, printJson, visible } from "../terminal.ts";
import type { Given } from "./command.ts";
import { readArgument } from "./failures.ts";

/** Rows that are in memory at once. */
const pageSize = 1000;

/** The rows of a list, and the forms in which they are printed. */
export interface Listing<Row> {
  readonly heading: readonly string[];
  readonly cells: (row: Row) => readonly string[];
  /** The row with the names of the wire. */
  readonly fields: (row: Row) => object;
  /** A line on standard error if no row was found. Default: none. */
  readonly whenEmpty?: string;
}

/** A listing that is read in pages. The order is stable, and a page begins behind a row, not at a number of rows. */
export interface PagedListing<Row, Position> extends Listing<Row> {
  /** The row in front of the first one. Undefined for the beginning of the list. */
  readonly after: Position | undefined;
  readonly read: (page: { after: Position | undefined; limit: number }) => Promise<readonly Row[]>;
  readonly positionOf: (row: Row) => Position;
  /** The text for `--after` that continues behind a row. */
  readonly cursorOf: (row: Row) => string;
}

/** A listing in pages with cursors. A page may be short or empty while the list goes on. */
export interface PartedListing<Row, Cursor> extends Listing<Row> {
  /** Undefined for the beginning of the list. */
  readonly after: Cursor | undefined;
  readonly read: (page: {
    after: Cursor | undefined;
    limit: number;
  }) => Promise<{ readonly rows: readonly Row[]; readonly next: Cursor | undefined }>;
  /** The text for `--after` that continues there. */
  readonly cursorOf: (cursor: Cursor) => string;
}

/** Prints a short list. */
export function printList<Row>({ has }: Given<"json">, listing: Listing<Row>, rows: readonly Row[]): void {
  printerOf(has("json"), listing)(rows);
}

/** Prints one row as a block: a line for each cell. */
export function printOne<Row>({ has }: Given<"json">, listing: Listing<Row>, row: Row): void {
  if (has("json")) printJson(listing.fields(row));
  else print(...tableLayout(listing.heading, 0)([listing.cells(row)]));
}

/** Prints a list page by page, up to `--limit` rows. A line on standard error says how to continue. */
export async function printPages<Row, Position>(
  given: Given<"json" | "limit">,
  { after, read, positionOf, cursorOf, ...listing }: PagedListing<Row, Position>,
): Promise<void> {
  await printParts<Row, { readonly position: Position | undefined; readonly text: string }>(given, {
    ...listing,
    after: { position: after, text: "" },
    async read({ after, limit }) {
      // One more row shows whether the list goes on.
      const found = await read({ after: after?.position, limit: limit + 1 });
      const rows = found.slice(0, limit);
      const last = rows.at(-1);
      if (last === undefined || rows.length === found.length) return { rows, next: undefined };
      return { rows, next: { position: positionOf(last), text: cursorOf(last) } };
    },
    cursorOf: ({ text }) => text,
  });
}

/** The same for a listing in pages with cursors. */
export async function printParts<Row, Cursor>(
  { has, option }: Given<"json" | "limit">,
  listing: PartedListing<Row, Cursor>,
): Promise<void> {
  const text = option("limit");
  const most =
    text === undefined
      ? Number.POSITIVE_INFINITY
      : readArgument(`--limit=${text}`, () => integer(1, 999_999_999)(text));
  const printPage = printerOf(has("json"), listing);
  let { after } = listing;
  for (let printed = 0; ; ) {
    const { rows, next } = await listing.read({ after, limit: Math.min(pageSize, most - printed) });
    printPage(rows);
    // A slow reader of a pipe would otherwise leave the whole list in memory.
    if (process.stdout.writableNeedDrain) await once(process.stdout, "drain");
    printed += rows.length;
    after = next;
    if (next === undefined) {
      if (printed === 0 && listing.whenEmpty !== undefined)
        process.stderr.write(`latchkey: ${listing.whenEmpty}\n`);
      return;
    }
    if (printed < most) continue;
    process.stderr.write(`latchkey: the list goes on with --after ${visible(listing.cursorOf(next))}\n`);
    return;
  }
}

function printerOf<Row>(
  json: boolean,
  { heading, cells, fields }: Listing<Row>,
): (rows: readonly Row[]) => void {
  if (json) return (rows) => printJson(...rows.map(fields));
  const layout = tableLayout(heading, terminalColumns());
  return (rows) => print(...layout(rows.map(cells)));
}
