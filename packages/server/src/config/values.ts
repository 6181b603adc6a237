import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import type { Rule } from "../core/throttle/attempt-counter.ts";
import type { Secrets } from "../core/tokens/derived-keys.ts";
import type { DatabasePlace } from "../store/place.ts";
import { isAddress, isPostgresUrl, postgresUrl } from "./postgres-url.ts";
import { minSecretLength, secretLines } from "./secret-lines.ts";
import { SettingProblem, trimmed } from "./setting-text.ts";

type Units = Readonly<Record<string, number>>;

const tenYears = 3650 * 86_400_000;

const durationUnits: Units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const sizeUnits: Units = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** Any text that is not empty. */
export function text(given: string): string {
  if (given === "") throw new SettingProblem("expected a text");
  return given;
}

/** An IP address or a host name to listen on. */
export function host(given: string): string {
  const address = given.replace(/^\[(.*)\]$/, "$1");
  if (isIP(address) !== 0) return address;
  if (/^[a-z\d][\w.-]*$/i.test(given)) return given;
  throw new SettingProblem("expected an address or host name of this machine, such as 127.0.0.1 or 0.0.0.0");
}

/** A whole number within limits. */
export function integer(least: number, most: number): (given: string) => number {
  return (given) => {
    const value = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new SettingProblem(`expected a whole number from ${least} to ${most}`);
  };
}

/**
 * A duration such as `90s`, `15m`, `1h` or `7d`, in milliseconds.
 *
 * @param least the shortest duration that is accepted, in milliseconds
 */
export function duration(least: number): (given: string) => number {
  return (given) => {
    const value = quantityOf(given, durationUnits);
    if (value >= least && value <= tenYears) return value;
    throw new SettingProblem(
      `expected a duration from ${shownDuration(least)} to 3650d, such as 90s, 15m or 7d`,
    );
  };
}

/** A number of bytes, written as `500MB` or `1GB`. */
export function size(least: number): (given: string) => number {
  return (given) => {
    const value = quantityOf(given, sizeUnits);
    if (value >= least && value <= Number.MAX_SAFE_INTEGER) return value;
    throw new SettingProblem(`expected a size of ${least / 1e6}MB or more, such as 500MB or 1GB`);
  };
}

/** An absolute URL. A trailing slash is removed. */
export function url(given: string): string {
  const parsed = URL.parse(given);
  const fits = parsed !== null && /^https?:$/.test(parsed.protocol) && !/[?#]/.test(given);
  if (!fits || parsed.username !== "" || parsed.password !== "") {
    throw new SettingProblem(
      "expected a URL such as https://login.example.com, without user, query or fragment",
    );
  }
  return given.replace(/\/+$/, "");
}

/** Texts separated by commas, at least one. */
export function list(given: string): readonly [string, ...string[]] {
  const [first, ...rest] = items(given);
  if (first === undefined)
    throw new SettingProblem("expected at least one text; separate several with commas");
  return [first, ...rest];
}

/** Networks separated by commas. */
export const cidrs = listOf(
  "expected addresses or networks such as 10.0.0.0/8, separated by commas",
  (item) => {
    const [address = "", length] = item.split("/", 2);
    return isIP(address) !== 0 && (length === undefined || (ipaddr.isValidCIDR(item) && Number(length) > 0));
  },
);

/** Host names separated by commas, without ports. */
export const hosts = listOf(
  "expected host names such as login.example.com, without ports, separated by commas",
  (item) => /^[a-z\d_]([\w-]*[a-z\d_])?(\.[a-z\d_]([\w-]*[a-z\d_])?)*\.?$/i.test(item),
);

/** `on`, `off`, or the hosts of client documents, separated by commas. */
export function clientDocuments(given: string): "on" | "off" | readonly string[] {
  if (given === "on" || given === "off") return given;
  const found = items(given).map((item) => item.toLowerCase());
  if (found.length > 0 && found.every(isDnsName)) return found;
  throw new SettingProblem("expected on, off, or host names such as claude.ai, separated by commas");
}

/** A name with a dot. An address, or the name of one machine, is never the host of a client document. */
function isDnsName(item: string): boolean {
  return (
    /^[a-z\d-]+(\.[a-z\d-]+)+$/.test(item) &&
    URL.parse(`https://${item}/`)?.hostname === item &&
    isIP(item) === 0
  );
}

/** Web origins separated by commas, or `*`. */
export const origins = listOf(
  "expected origins such as https://app.example.com, separated by commas, or *",
  // A * inside would be a name without a page: browsers and this server compare origins character by character.
  (item) => item === "*" || (URL.parse(item)?.origin === item && !item.includes("*")),
);

/** Keys separated by commas. Each fits into an HTTP header and is too long to guess. */
export const keys = listOf(
  "expected keys of 32 to 256 random characters, separated by commas: `openssl rand -base64 32` prints one",
  (item) => /^[\x21-\x7e]{32,256}$/.test(item),
);

/** One of several words. */
export function choice<const Choices extends readonly [string, ...string[]]>(
  ...choices: Choices
): (given: string) => Choices[number] {
  return (given) => {
    const found = choices.find((known) => known === given);
    if (found === undefined)
      throw new SettingProblem(
        `expected ${new Intl.ListFormat("en", { type: "disjunction" }).format(choices)}`,
      );
    return found;
  };
}

/** Words of a list, separated by commas. */
export function choices(known: readonly string[]): (given: string) => readonly string[] {
  // Intl.ListFormat would load its language data at every start: 6 MB.
  const names = known.join(", ");
  return listOf(`expected names separated by commas; known names are ${names}`, (item) =>
    known.includes(item),
  );
}

/** A SQLite file, `:memory:`, or a PostgreSQL database. */
export function database(given: string): DatabasePlace {
  if (isPostgresUrl(given)) return postgresUrl(given);
  if (given === ":memory:") return { engine: "memory" };
  if (isAddress(given))
    throw new SettingProblem(
      "expected the path of a SQLite file, :memory:, or postgres://user:password@host/database",
    );
  return { engine: "sqlite", path: text(given) };
}

/** A limit of failures per window, such as `20/15m`. */
export function rule(given: string): Rule {
  const [limit = "", window = ""] = given.split("/", 2);
  const windowMs = quantityOf(window, durationUnits);
  if (/^[1-9]\d{0,8}$/.test(limit) && windowMs >= 1000) return { limit: Number(limit), windowMs };
  throw new SettingProblem("expected a number of failures and a window, such as 20/15m");
}

/** Secrets that are too long to guess, one a line. */
export function secrets(given: string): Secrets {
  return secretLines(
    given,
    `expected at least ${minSecretLength} random characters: \`openssl rand -base64 32\` prints some`,
  );
}

/** Readers of lists. The characters of each item are checked by themselves. */
export const lists: ReadonlySet<(given: string) => unknown> = new Set([list, cidrs, hosts, origins, keys]);

/** A password. The password policy judges it later. */
export function passwordText(given: string): string {
  return given;
}

/** A number with a unit. NaN for any other text, so that every comparison with it fails. */
function quantityOf(given: string, units: Units): number {
  const [, count, unit = ""] = /^(\d{1,9})([a-z]+)$/i.exec(given) ?? [];
  return Object.hasOwn(units, unit) ? Number(count) * (units[unit] ?? Number.NaN) : Number.NaN;
}

function shownDuration(ms: number): string {
  if (ms % 60_000 === 0 && ms > 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** A reader of texts separated by commas. @param expected the message if one of them does not fit */
function listOf(expected: string, fits: (item: string) => boolean): (given: string) => readonly string[] {
  return (given) => {
    const found = items(given);
    if (found.every(fits)) return found;
    throw new SettingProblem(expected);
  };
}

function items(given: string): string[] {
  return given
    .split(",")
    .map(trimmed)
    .filter((item) => item !== "");
}
