/**
 * Text that is safe to print on a terminal. Control characters, bidirectional overrides, line separators and invisible
 * characters become escapes such as `\u{202e}`. A stored name could otherwise move the cursor or imitate another name.
 */
export function visible(text: string): string {
  return text.replaceAll(
    /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
    (hidden) => `\\u{${hidden.codePointAt(0)?.toString(16)}}`,
  );
}

/** Text of several lines, such as a stack trace, that is safe to print. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}

/** Prints lines on standard output, with unsafe characters escaped. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${visible(line)}\n`).join(""));
}

/** Lines of a table: a heading and rows, in aligned columns. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [heading, ...rows.map((row) => row.map(visible))];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
