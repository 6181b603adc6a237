/** A setting that was not understood. The message is one line with the cause and the cure. */
export class SettingProblem extends Error {}

/** Blank or invisible characters at an edge. Line ends, editors and web pages leave them behind. */
const edges = /^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu;

/** A text without the blank and invisible characters at its edges. */
export function trimmed(given: string): string {
  return given.replace(edges, "");
}

/**
 * Refuses characters that no setting may contain. The message leaves out the text, which may be a secret.
 *
 * @throws {SettingProblem} for control characters, and for the replacement character that invalid UTF-8 becomes
 */
export function assertPlain(given: string): void {
  if (given.includes("\uFFFD")) throw new SettingProblem("it is not valid UTF-8: save it as UTF-8");
  const control = /\p{Cc}/u.exec(given)?.[0];
  if (control !== undefined)
    throw new SettingProblem(`it contains the control character ${named(control)}: remove it`);
}

/**
 * Refuses a secret with a blank at its edge. The blank is invisible, and may not belong to the secret.
 *
 * @throws {SettingProblem} with the name of the character, without the secret
 */
export function assertExact(given: string): void {
  const [edge = ""] = given.match(edges) ?? [];
  if (edge === "") return;
  const cure = edge.includes("\r") ? "save the file with Unix line ends" : "remove it";
  throw new SettingProblem(`it begins or ends with ${named(edge)}: ${cure}`);
}

/** A character by its code point, and by name if it is a common one. */
function named(text: string): string {
  const code = (text.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const name = names[code];
  return name === undefined ? `U+${code}` : `U+${code} (${name})`;
}

const names: Readonly<Record<string, string>> = {
  "0000": "NUL",
  "0009": "tab",
  "000A": "line feed",
  "000D": "carriage return",
  "0020": "space",
  "00A0": "no-break space",
  FEFF: "byte order mark",
};

/** Decodes UTF-8, without a byte order mark. @throws {SettingProblem} with the likely encoding, if it shows */
export function decodeUtf8(bytes: Uint8Array): string {
  const mark = Buffer.from(bytes.subarray(0, 2)).toString("hex");
  if (bytes.includes(0) || mark === "fffe" || mark === "feff")
    throw new SettingProblem(
      "it is not UTF-8 but looks like UTF-16: save it as UTF-8, in PowerShell with `-Encoding utf8`",
    );
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SettingProblem("it is not UTF-8, perhaps Latin-1: save it as UTF-8");
  }
}

/**
 * The first line of bytes in UTF-8. A line ends with LF or CRLF.
 *
 * @throws {SettingProblem} for bytes that are not UTF-8, and for control characters, a lone CR among them
 */
export function firstLineOf(bytes: Uint8Array): string {
  const [line = ""] = decodeUtf8(bytes).split(/\r?\n/, 1);
  assertPlain(line);
  return line;
}
