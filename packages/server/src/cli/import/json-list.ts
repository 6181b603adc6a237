import { CommandProblem } from "../failures.ts";
import { assertShort, type FilePiece } from "./text-file.ts";

/**
 * The objects of a JSON list, one after another, so that a file of any size takes the memory of one object.
 *
 * @param list the key of the list in the object that the file is. Undefined if the file is a list
 * @throws {CommandProblem} if the file ends within the list, or an object is too long
 */
export async function* jsonObjects(
  file: string,
  chunks: AsyncIterable<string>,
  list: string | undefined,
): AsyncGenerator<FilePiece> {
  const scanner = new JsonListScanner(list);
  for await (const chunk of chunks) {
    yield* scanner.push(chunk);
    assertShort(file, scanner.line, scanner.pending);
  }
  if (!scanner.isComplete) {
    throw new CommandProblem(`${file} ends within the list of users: it is cut off, or is not valid JSON`);
  }
}

/** Finds the beginning and the end of each object, by brackets and quotes. It leaves the rest of the syntax to `JSON.parse`. */
class JsonListScanner {
  readonly #list: string | undefined;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The latest string at depth 1, and the key before a colon. */
  #string = "";
  #key: string | undefined;
  /** The depth of the list's elements; undefined outside of the list. */
  #elements: number | undefined;
  #isRecording = false;
  #recorded = "";
  #recordLine = 1;
  line = 1;

  constructor(list: string | undefined) {
    this.#list = list;
  }

  /** Characters of the object that has not ended yet. */
  get pending(): number {
    return this.#recorded.length;
  }

  get isComplete(): boolean {
    return this.#depth === 0 && !this.#inString;
  }

  *push(chunk: string): Generator<FilePiece> {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const char = chunk.charAt(at);
      if (char === "\n") this.line++;
      if (this.#inString) this.#inText(char);
      else if (char === '"') {
        this.#inString = true;
        if (this.#depth === 1) this.#string = "";
      } else if (char === ":" && this.#depth === 1) this.#key = this.#string;
      else if (char === "{" || char === "[") {
        if (char === "{" && this.#depth === this.#elements) {
          this.#isRecording = true;
          this.#recordLine = this.line;
          start = at;
        }
        if (char === "[" && this.#opensList()) this.#elements = this.#depth + 1;
        this.#depth++;
      } else if (char === "}" || char === "]") {
        this.#depth--;
        if (this.#isRecording && this.#depth === this.#elements) {
          yield { line: this.#recordLine, text: this.#recorded + chunk.slice(start, at + 1) };
          this.#isRecording = false;
          this.#recorded = "";
        }
        if (this.#elements !== undefined && this.#depth < this.#elements) this.#elements = undefined;
      }
    }
    if (this.#isRecording) this.#recorded += chunk.slice(start);
  }

  #opensList(): boolean {
    return this.#list === undefined ? this.#depth === 0 : this.#depth === 1 && this.#key === this.#list;
  }

  #inText(char: string): void {
    if (this.#escaped) this.#escaped = false;
    else if (char === "\\") this.#escaped = true;
    else if (char === '"') this.#inString = false;
    if (this.#inString && this.#depth === 1) this.#string += char;
  }
}
