/**
 * Untrusted text for a log line: at most 200 printable ASCII characters. Any other character becomes a question
 * mark, so the text can neither end its quotes nor move a terminal's cursor.
 */
export function printable(text: string): string {
  return text.slice(0, 200).replaceAll(/[^\x21\x23-\x7e]/g, "?");
}
