/** Characters that a terminal obeys or does not show. */
const hidden = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Text that is safe to print on a terminal. Control characters, bidirectional overrides, line separators and invisible
 * characters become escapes such as `\u{202e}`. A stored name could otherwise move the cursor or imitate another name.
 */
export function visible(text: string): string {
  return text.replaceAll(hidden, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`);
}

/** Text of several lines, such as a stack trace, that is safe to print. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}

/** Prints lines on standard output, with unsafe characters escaped. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${visible(line)}\n`).join(""));
}

/** Prints objects on standard output as JSON Lines. */
export function printJson(...objects: readonly object[]): void {
  process.stdout.write(objects.map((object) => `${visibleJson(JSON.stringify(object))}\n`).join(""));
}

/**
 * JSON for a terminal. Characters that a terminal obeys become escapes of JSON, so a reader gets the same text. Line
 * ends stay: in JSON they stand between values alone.
 */
export function visibleJson(json: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return json.replaceAll(hidden, (found) => (found === "\n" ? found : found.split("").map(escaped).join("")));
}
