import { isLoopback } from "../core/throttle/addresses.ts";
import { addressesFit, mostAddressBytes } from "../core/tokens/token-size.ts";
import { isServiceLink } from "./environment.ts";
import { isPlainIssuer } from "./insecure.ts";
import { mailWay } from "./mail-way.ts";
import { holdsPassword } from "./postgres-url.ts";
import { linesOf } from "./secret-lines.ts";
import { settingFile } from "./setting-file.ts";
import { assertExact, assertPlain, SettingProblem, trimmed } from "./setting-text.ts";
import { flagOf, type Setting, type SettingName, settingNames, settings, variableOf } from "./settings.ts";

/** The values of the table, before absent ones are derived from others. */
type Values = { readonly [Name in SettingName]: ReturnType<(typeof settings)[Name]["read"]> };

const table: { readonly [Name in SettingName]: Setting<Values[Name]> } = settings;

/** Absent values that other settings decide. */
type Derived = "accountPages" | "mcp" | "refreshGraceSameAddress" | "oauth" | "oauthRefreshGrace";

/** All settings, read and checked. */
export type Config = {
  readonly [Name in SettingName]: Name extends Derived ? NonNullable<Values[Name]> : Values[Name];
};

/** Variables or flags by name. */
type Texts = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings. A flag goes before its variable, a variable before the default. A secret may stand in a file.
 *
 * @throws {SettingProblem} for the first setting that is not understood: its name, its text, and the cure
 */
export function readConfig(environment: Texts, flags: Texts = {}): Config {
  const values = readValues(environment, flags);
  const local = values.provider === "local";
  const config: Config = {
    ...values,
    passwordMinLength: shortestPassword(values),
    mcp: values.mcp ?? (local && isLoopback(values.host) ? "on" : "off"),
    refreshGraceSameAddress: values.refreshGraceSameAddress ?? sameAddressGrace(values),
    oauth: values.oauth ?? (local && !isPlainIssuer(values) ? "on" : "off"),
    accountPages: values.accountPages ?? (local && !isPlainIssuer(values) ? "on" : "off"),
    oauthRefreshGrace: values.oauthRefreshGrace ?? Math.min(60_000, values.accessTokenTtl),
  };
  assertConsistent(config);
  mailWay(config);
  if (config.provider === "keycloak") assertKeycloak(config);
  return config;
}

function readValues(environment: Texts, flags: Texts): Values {
  const values: { -readonly [Name in SettingName]?: Values[Name] } = {};
  const read = <Name extends SettingName>(name: Name): void => {
    values[name] = readSetting(name, environment, flags);
  };
  for (const name of settingNames) read(name);
  if (!isComplete(values)) throw new Error("a setting was not read");
  return values;
}

function isComplete(values: Partial<Values>): values is Values {
  return settingNames.every((name) => name in values);
}

function readSetting<Name extends SettingName>(name: Name, environment: Texts, flags: Texts): Values[Name] {
  const setting = table[name];
  const variable = variableOf(name);
  const flag = setting.secret ? undefined : flags[flagOf(name)];
  const inVariable = textIn(environment, variable, setting);
  const file = settingFile(name, setting, environment, inVariable);
  const given = flag ?? inVariable ?? file?.text;
  try {
    return setting.read(given === undefined ? undefined : checked(setting, given));
  } catch (error) {
    if (!(error instanceof SettingProblem)) throw error;
    const source = flag === undefined ? (file?.source ?? variable) : `--${flagOf(name)}`;
    const secret = setting.secret || file !== undefined;
    const hidden = given === undefined || secret || setting.mayHoldSecret?.(given) || holdsPassword(given);
    throw new SettingProblem(hidden ? `${source}: ${error.message}` : `${source}=${given}: ${error.message}`);
  }
}

/** Pairs of durations of which the first must not be longer than the second. */
const ordered = [
  ["sessionIdle", "sessionMax"],
  ["refreshGrace", "accessTokenTtl"],
  ["refreshGrace", "refreshGraceSameAddress"],
  ["refreshGraceSameAddress", "accessTokenTtl"],
  ["oauthRefreshGrace", "accessTokenTtl"],
] as const;

function assertConsistent(config: Config): void {
  for (const [shorter, longer] of ordered) {
    if (config[shorter] <= config[longer]) continue;
    const message = `${variableOf(shorter)} must not be longer than ${variableOf(longer)}`;
    throw new SettingProblem(message);
  }
  if (config.database.engine === "postgres" && config.secret === undefined) {
    throw new SettingProblem(
      "LATCHKEY_SECRET must be set with PostgreSQL, or LATCHKEY_SECRET_FILE, to the same value on every replica: `openssl rand -base64 32` prints one",
    );
  }
  if (!addressesFit(config.issuer, config.audience)) {
    throw new SettingProblem(
      `LATCHKEY_ISSUER and LATCHKEY_AUDIENCE must not be longer than ${mostAddressBytes} bytes together: every token contains both`,
    );
  }
}

/** NIST SP 800-63B-4 §3.1.1.2 asks for 15 characters of a password that is the only factor. */
function shortestPassword({ passwordRules, passwordMinLength }: Values): number {
  return passwordRules === "nist" ? Math.max(15, passwordMinLength) : passwordMinLength;
}

/** One minute: a client that lost its answer repeats the refresh within it. A grace of 0 s applies here too. */
function sameAddressGrace({ refreshGrace, accessTokenTtl }: Values): number {
  return refreshGrace === 0 ? 0 : Math.max(refreshGrace, Math.min(60_000, accessTokenTtl));
}

/** The text of a variable. Undefined if it is empty, or if it is blank and blanks are trimmed. */
function textIn(environment: Texts, variable: string, { exact }: Setting<unknown>): string | undefined {
  const given = environment[variable] ?? "";
  const empty = (exact ? given : trimmed(given)) === "";
  return empty || isServiceLink(variable, given) ? undefined : given;
}

/** The text without blank edges. @throws {SettingProblem} for characters that no setting may contain */
function checked({ exact, list, lines }: Setting<unknown>, given: string): string {
  if (exact) for (const part of lines ? [given, ...linesOf(given)] : [given]) assertExact(part);
  const text = exact ? given : trimmed(given);
  // A list may be written on several lines.
  const parts = list ? text.split(",").map(trimmed) : lines ? linesOf(text) : [text];
  for (const part of parts) assertPlain(part);
  return text;
}

/** Requires the settings of the realm, and refuses those that only work with local users. */
function assertKeycloak(config: Config): void {
  const needed = ["keycloakUrl", "keycloakRealm", "keycloakClientId", "keycloakClientSecret"] as const;
  for (const name of needed) {
    if (config[name] !== undefined) continue;
    throw new SettingProblem(`${variableOf(name)} must be set with LATCHKEY_PROVIDER=keycloak`);
  }
  if (config.mcp === "on") {
    throw new SettingProblem(
      "LATCHKEY_MCP must be off with LATCHKEY_PROVIDER=keycloak: the built-in tools are for local users",
    );
  }
  if (config.accountPages === "on") {
    throw new SettingProblem(
      "LATCHKEY_ACCOUNT_PAGES must be off with LATCHKEY_PROVIDER=keycloak: Keycloak has such pages for its users",
    );
  }
  if (config.signUp !== "off") {
    throw new SettingProblem(
      "LATCHKEY_SIGN_UP must be off with LATCHKEY_PROVIDER=keycloak: accounts are made in the realm",
    );
  }
}
