import { type Setting, settings } from "../config/config.ts";
import { isServiceLink } from "../config/environment.ts";

/** Read by the client, which may well share the environment. */
const elsewhere = ["LATCHKEY_TOKEN"];

/** Variables that look like settings and are none: most likely misspelt. Their values may be secret. */
export function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const all: Setting<unknown>[] = Object.values(settings);
  const known = new Set([...elsewhere, ...all.map(({ variable }) => variable)]);
  return Object.keys(environment).filter(
    (name) => name.startsWith("LATCHKEY_") && !known.has(name) && !isServiceLink(name, environment[name]),
  );
}
