import { parseArgs } from "node:util";
import { readConfig } from "../config/config.ts";
import { assertPlain } from "../config/setting-text.ts";
import { allSettings, flagOf, variableOf } from "../config/settings.ts";
import { readArgument, UsageProblem } from "./failures.ts";

/**
 * Parses a command line into words, flags of settings, and the command's own options.
 *
 * @param own options of this command, each with one value
 * @throws {UsageProblem} for an unknown flag; {SettingProblem} for a setting that is not understood
 */
export function parseArguments(args: readonly string[], own: readonly string[] = []) {
  for (const [name, { secret }] of allSettings)
    if (secret && isGiven(args, flagOf(name))) throw visibleSecret(name, "the value of");
  const known = allSettings.filter(([, { secret }]) => !secret).map(([name]) => flagOf(name));
  const { values, positionals } = parse(args, known, own);
  for (const word of positionals) readArgument("an argument", () => assertPlain(word));
  for (const name of own)
    for (const text of values[name] ?? []) readArgument(`--${name}`, () => assertPlain(text));
  const flags = Object.fromEntries(known.map((flag) => [flag, values[flag]?.at(-1)]));
  for (const [name, { holdsSecret }] of allSettings)
    if (holdsSecret?.(flags[flagOf(name)] ?? "")) throw visibleSecret(name, "the password in");
  return {
    words: positionals,
    config: readConfig(process.env, flags),
    /** The value of an option. The last one counts. */
    option: (name: string) => values[name]?.at(-1),
    options: (name: string) => values[name] ?? [],
  };
}

function parse(args: readonly string[], known: readonly string[], own: readonly string[]) {
  const option = { type: "string", multiple: true } as const;
  const options = Object.fromEntries([...known, ...own].map((name) => [name, option]));
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const cause = error instanceof Error ? error.message.split(/[.\n]/, 1)[0] : "not understood";
    throw new UsageProblem(`${cause}; \`latchkey --help\` lists all commands and settings`);
  }
}

function isGiven(args: readonly string[], flag: string): boolean {
  return args.some((arg) => arg === `--${flag}` || arg.startsWith(`--${flag}=`));
}

function visibleSecret(name: string, secret: string): UsageProblem {
  return new UsageProblem(
    `${secret} --${flagOf(name)} would be visible in the process list: set ${variableOf(name)} in the environment, without the flag`,
  );
}
