import { createReadStream } from "node:fs";
import { CommandProblem } from "../failures.ts";

/** The longest record of a file, in characters. It bounds the memory of an import. */
export const longestRecord = 1_048_576;

/**
 * The text of a file, chunk by chunk.
 *
 * @param onBytes called with the bytes of each chunk
 * @throws {CommandProblem} if it cannot be read, or is not UTF-8
 */
export async function* textChunks(
  file: string,
  onBytes: (bytes: number) => void = () => {},
): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const stream = createReadStream(file);
  try {
    for await (const chunk of stream) {
      if (!Buffer.isBuffer(chunk)) continue;
      onBytes(chunk.length);
      yield decoder.decode(chunk, { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    throw unreadable(file, error) ?? error;
  } finally {
    stream.destroy();
  }
}

function unreadable(file: string, error: unknown): CommandProblem | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, "code");
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA")
    return new CommandProblem(`${file} is not UTF-8: save it in UTF-8`);
  if (Reflect.get(error, "syscall") === undefined) return undefined;
  if (code === "EISDIR") return new CommandProblem(`${file} is a folder: name a file in it`);
  return new CommandProblem(`cannot read ${file} (${code}): check its name and its permissions`);
}

/** A piece of a file, and the line on which it begins. */
export interface FilePiece {
  readonly line: number;
  readonly text: string;
}

/** The lines of a text that are not empty. @throws {CommandProblem} if a line is too long */
export async function* linesOf(file: string, chunks: AsyncIterable<string>): AsyncGenerator<FilePiece> {
  let rest = "";
  let line = 1;
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) {
      if (text.trim() !== "") yield { line, text };
      line++;
    }
    assertShort(file, line, rest.length);
  }
  if (rest.trim() !== "") yield { line, text: rest };
}

/** @throws {CommandProblem} if a record is too long */
export function assertShort(file: string, line: number, length: number): void {
  if (length <= longestRecord) return;
  throw new CommandProblem(`${file}, line ${line}: a user takes more than 1 MiB: check the form of the file`);
}
