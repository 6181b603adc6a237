import type { Config } from "../config/config.ts";
import type { SettingName } from "../config/settings.ts";

/** An option of one command, written as `--name`. */
export interface Option {
  /** The name of its value in the usage. An option without it is a switch. */
  readonly value?: string;
  readonly meaning: string;
  readonly required?: true;
  /** Whether every occurrence counts. Of any other option the last one counts. */
  readonly many?: true;
}

/** The argument of one command. */
export interface Argument {
  readonly name: string;
  readonly meaning: string;
  readonly optional?: true;
}

/** The arguments, options and settings of a command line that was understood. */
export interface Given<Name extends string = string> {
  readonly words: readonly string[];
  readonly config: Config;
  /** Whether a switch was given. */
  has(name: Name): boolean;
  /** The value of an option. The last one counts. */
  option(name: Name): string | undefined;
  /** All values of an option. */
  options(name: Name): readonly string[];
}

/** The parts of a command line that a command takes. Parser, help and errors follow from it. */
export interface Syntax<Name extends string = string> {
  /** Its words, such as `user add`. */
  readonly name: string;
  /** One line of help, without a full stop. */
  readonly meaning: string;
  readonly argument?: Argument;
  readonly options: Readonly<Record<Name, Option>>;
  /** The settings that it reads, each also a flag. */
  readonly settings: readonly SettingName[];
  /** Arguments of an example, as they are typed after `latchkey`. */
  readonly example: string;
  /** How the command reads standard input. */
  readonly input?: string;
  /** Sentences for the help of this command alone. */
  readonly notes?: readonly string[];
}

/** A command: its syntax, and its work, which is loaded when it is called. */
export interface Command<Name extends string = string> extends Syntax<Name> {
  readonly load: () => Promise<(given: Given<Name>) => void | Promise<void>>;
}

/** Declares a command. The compiler checks that its work asks only for options of this command. */
export function command<const Name extends string = never>(
  declared: Omit<Command<Name>, "options"> & { readonly options?: Readonly<Record<Name, Option>> },
): Command<string> {
  return { ...declared, options: { ...declared.options } };
}

/** The first line of its help: `latchkey user add NAME --email ADDRESS [--name TEXT]`. */
export function usageOf({ name, argument, options }: Syntax): string {
  const parts = Object.entries(options).map(([option, { value, required, many }]) => {
    const text = `--${option}${value === undefined ? "" : ` ${value}`}${many ? " …" : ""}`;
    return required ? text : `[${text}]`;
  });
  if (argument !== undefined) {
    parts.unshift(argument.optional ? `[${argument.name}]` : argument.name);
  }
  return ["latchkey", name, ...parts].join(" ");
}
