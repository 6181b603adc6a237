/**
 * Text as a terminal may show it. Control characters, bidirectional overrides, line separators and characters
 * that cannot be seen are written as `\u{202e}`. A stored name could otherwise move the cursor or look like another.
 */
export function visible(text: string): string {
  return text.replaceAll(
    /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
    (hidden) => `\\u{${hidden.codePointAt(0)?.toString(16)}}`,
  );
}

/** Text of several lines, such as a stack trace. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}
