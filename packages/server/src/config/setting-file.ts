import { readPrivateFile } from "./private-file.ts";
import { decodeUtf8, SettingProblem, trimmed } from "./setting-text.ts";
import { fileVariableOf, type Setting, variableOf } from "./settings.ts";

/** The text of a setting that stands in a file, and its source for errors. */
export interface FileText {
  readonly text: string;
  /** The variable and the path. */
  readonly source: string;
}

/**
 * Reads the file that the `…_FILE` twin of a setting names. Line ends at the end of the file do not count.
 *
 * @param given the text of the variable itself, if it is set
 * @returns undefined if the twin is not set, or the setting has none
 * @throws {SettingProblem} for both variables at once, and for a file that is missing, unsafe or unreadable
 */
export function settingFile(
  name: string,
  setting: Setting<unknown>,
  environment: Readonly<Record<string, string | undefined>>,
  given: string | undefined,
): FileText | undefined {
  const variable = fileVariableOf(name, setting);
  const path = variable === undefined ? "" : trimmed(environment[variable] ?? "");
  if (path === "") return undefined;
  if (given !== undefined)
    throw new SettingProblem(`${variableOf(name)} and ${variable} are both set: unset one of them`);
  const source = `${variable}=${path}`;
  try {
    const bytes = readPrivateFile(path);
    if (bytes === undefined)
      throw new SettingProblem("it does not exist: create the file, or correct the path");
    const text = decodeUtf8(bytes).replace(/(?:\r?\n)+$/, "");
    if (trimmed(text) === "") throw new SettingProblem("it is empty: write the secret into it");
    return { text, source };
  } catch (error) {
    throw error instanceof SettingProblem ? new SettingProblem(`${source}: ${error.message}`) : error;
  }
}
