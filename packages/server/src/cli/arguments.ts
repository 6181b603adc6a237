import { parseArgs } from "node:util";
import { type Config, readConfig } from "../config/config.ts";
import { assertPlain, SettingProblem } from "../config/setting-text.ts";
import { flagOf, type Setting, settingNames, settings } from "../config/settings.ts";
import { UsageProblem } from "./failures.ts";

/** The arguments of a command. */
export interface Arguments {
  readonly words: readonly string[];
  readonly config: Config;
  /** An option of the command itself. The last one counts. */
  option(name: string): string | undefined;
  options(name: string): readonly string[];
}

/**
 * Parses a command line into words, flags of settings, and the command's own options.
 *
 * @param own options of this command, each with one value
 * @throws {UsageProblem} for an unknown flag; {SettingProblem} for a setting that is not understood
 */
export function parseArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  own: readonly string[] = [],
): Arguments {
  for (const name of settingNames) refuseSecretFlag(args, settings[name]);
  const known = settingNames
    .filter((name) => !isSecret(settings[name]))
    .map((name) => flagOf(settings[name]));
  const { values, positionals } = parse(args, known, own);
  for (const word of positionals) assertTypeable("an argument", word);
  for (const name of own) for (const text of values[name] ?? []) assertTypeable(`--${name}`, text);
  const flags = Object.fromEntries(known.map((flag) => [flag, values[flag]?.at(-1)]));
  for (const name of settingNames) refuseSecretValue(flags[flagOf(settings[name])], settings[name]);
  return {
    words: positionals,
    config: readConfig(environment, flags),
    option: (name) => values[name]?.at(-1),
    options: (name) => values[name] ?? [],
  };
}

function parse(args: readonly string[], known: readonly string[], own: readonly string[]) {
  const option = { type: "string", multiple: true } as const;
  const options = Object.fromEntries([...known, ...own].map((name) => [name, option]));
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const said = error instanceof Error ? error.message.split(/[.\n]/, 1)[0] : "not understood";
    throw new UsageProblem(`${said}; \`latchkey --help\` lists all commands and settings`);
  }
}

function assertTypeable(what: string, text: string): void {
  try {
    assertPlain(text);
  } catch (error) {
    throw error instanceof SettingProblem ? new UsageProblem(`${what}: ${error.message}`) : error;
  }
}

function isSecret(setting: { readonly secret?: boolean }): boolean {
  return setting.secret === true;
}

function refuseSecretValue(given: string | undefined, setting: Setting<unknown>): void {
  if (given === undefined || !setting.holdsSecret?.(given)) return;
  throw new UsageProblem(
    `--${flagOf(setting)} would be visible to every user of this machine: set ${setting.variable} in the environment`,
  );
}

function refuseSecretFlag(
  args: readonly string[],
  setting: { readonly variable: string; readonly secret?: boolean },
) {
  const flag = `--${flagOf(setting)}`;
  if (!isSecret(setting) || !args.some((arg) => arg === flag || arg.startsWith(`${flag}=`))) return;
  throw new UsageProblem(
    `${flag} would be visible to every user of this machine: set ${setting.variable} in the environment`,
  );
}
