import { readFileSync } from "node:fs";

/** The text of `deploy/latchkey.env.example`. */
export const envExample = readFileSync(
  new URL("../../../../deploy/latchkey.env.example", import.meta.url),
  "utf8",
);

/** The names of the variables that the example tells an operator to change, in their order. */
export const markedSettings: readonly string[] = [
  ...envExample.matchAll(/^# CHANGE: .*\n(?:#.*\n)*(LATCHKEY_\w+)=/gm),
].map(([, name]) => name ?? "");

/**
 * The example after an operator's changes. The values are quoted as systemd reads them.
 *
 * @throws {Error} if the example has no line for a name
 */
export function changedExample(changes: Readonly<Record<string, string>>): string {
  let text = envExample;
  for (const [name, value] of Object.entries(changes)) {
    const line = new RegExp(`^${name}=.*$`, "m");
    if (!line.test(text)) throw new Error(`deploy/latchkey.env.example has no line for ${name}`);
    text = text.replace(line, () => `${name}="${value.replaceAll(/["\\$`]/g, "\\$&")}"`);
  }
  return text;
}
