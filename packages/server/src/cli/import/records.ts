import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import type { Fields, RowProblem } from "../../core/people/imported-user.ts";
import { CommandProblem } from "../failures.ts";
import type { ColumnsProblem } from "./csv-columns.ts";
import { jsonObjects } from "./json-list.ts";
import { objectIn } from "./products/converter.ts";
import { type FilePiece, linesOf, longestRecord, textChunks } from "./text-file.ts";

/** A row of a file, or the reason why it cannot be read. In a CSV file the line is the one on which the row ends. */
export type FileRecord = { readonly line: number } & ({ readonly fields: Fields } | RowProblem);

/** The form of a file, as its product writes it. */
interface FileForm {
  /** The key of the list, if the product writes one JSON object. */
  readonly list?: string | undefined;
  /** Default: a CSV file may have any columns. */
  readonly columnsProblem?: ColumnsProblem | undefined;
}

/**
 * The rows of a file: JSON lines, a JSON list, a JSON object with a list, or CSV with names in its first line. The first
 * character tells them apart.
 *
 * @throws {CommandProblem} if the file cannot be read, is cut off, or is not in one of these forms
 */
export async function* readRecords(
  file: string,
  { list, columnsProblem = () => undefined }: FileForm,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<FileRecord> {
  const { first, lines, chunks } = await begun(textChunks(file, onBytes));
  if (first === undefined) throw new CommandProblem(`${file} is empty`);
  if (first === "[") yield* parsed(jsonObjects(file, chunks, undefined));
  else if (first === "{") {
    const areLines = list === undefined || areRows(lines, list);
    yield* parsed(areLines ? linesOf(file, chunks) : jsonObjects(file, chunks, list));
  } else yield* csvRows(file, chunks, columnsProblem);
}

/** Whether two lines are rows of JSON lines, and not the object with the list, or its beginning. */
function areRows([one = "", next = ""]: readonly string[], list: string): boolean {
  const record = recordIn(one);
  return "fields" in record && !Object.hasOwn(record.fields, list) && next.startsWith("{");
}

/** The first character that is not a space, the first two lines as far as they were read, and all of the text. */
async function begun(chunks: AsyncGenerator<string>) {
  let text = "";
  while (text.trim() === "") {
    const { value, done } = await chunks.next();
    if (done) break;
    text += value;
  }
  async function* all() {
    yield text;
    yield* chunks;
  }
  return { first: text.trim().at(0), lines: text.trim().split("\n", 2), chunks: all() };
}

async function* parsed(pieces: AsyncIterable<FilePiece>): AsyncGenerator<FileRecord> {
  for await (const { line, text } of pieces) yield { line, ...recordIn(text) };
}

function recordIn(text: string): { readonly fields: Fields } | RowProblem {
  try {
    const value: unknown = JSON.parse(text);
    const fields = objectIn(value);
    return fields === value ? { fields } : { problem: "not a JSON object" };
  } catch {
    return { problem: "not valid JSON" };
  }
}

/** A row as the parser gives it. */
interface CsvRow {
  readonly record: Fields;
  readonly info: { readonly lines: number; readonly error?: unknown };
}

async function* csvRows(
  file: string,
  chunks: AsyncIterable<string>,
  columnsProblem: ColumnsProblem,
): AsyncGenerator<FileRecord> {
  const parser = parse({
    columns(typed: string[]) {
      const names = typed.map((name) => name.trim());
      if (names.length === 1 && /[;\t]/.test(names[0] ?? ""))
        throw new CommandProblem(`${file} has no comma in its first line: separate the fields by commas`);
      const problem = columnsProblem(names);
      if (problem !== undefined) throw new CommandProblem(`${file} ${problem}`);
      return names;
    },
    info: true,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: longestRecord,
  });
  const source = Readable.from(chunks);
  source.once("error", (error) => parser.destroy(error));
  try {
    for await (const row of source.pipe(parser)) {
      const { record, info }: CsvRow = row;
      const problem = "its number of fields is not that of the first line";
      yield { line: info.lines, ...(info.error === undefined ? { fields: record } : { problem }) };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // The message of the parser repeats the row, which can hold a hash.
    const fault = csvFaults[error.code] ?? error.code;
    throw new CommandProblem(
      `${file} is neither JSON nor valid CSV: ${fault} (line ${Reflect.get(error, "lines")})`,
    );
  }
}

/** The faults of a CSV file by the codes of the parser. */
const csvFaults: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE: "a quote inside a field without quotes",
  CSV_INVALID_CLOSING_QUOTE: "text behind a closing quote",
  CSV_QUOTE_NOT_CLOSED: "a quote that is never closed",
  CSV_MAX_RECORD_SIZE: "a user takes more than 1 MiB",
};
