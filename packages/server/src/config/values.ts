import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import type { Rule } from "../core/throttle/attempt-counter.ts";
import type { DatabasePlace } from "../store/place.ts";
import { isPostgresUrl, postgresUrl } from "./postgres-url.ts";
import { SettingProblem, trimmed } from "./setting-text.ts";

const tenYears = 3650 * 86_400_000;

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const sizeUnits: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

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
    const value = millisecondsOf(given);
    if (value !== undefined && value >= least && value <= tenYears) return value;
    throw new SettingProblem(
      `expected a duration from ${shownDuration(least)} to 3650d, such as 90s, 15m or 7d`,
    );
  };
}

/** A number of bytes, written as `500MB` or `1GB`. */
export function size(least: number): (given: string) => number {
  return (given) => {
    const [, count, unit = ""] = /^(\d{1,9})(KB|MB|GB|TB)$/.exec(given) ?? [];
    const value = Number(count) * (sizeUnits[unit] ?? Number.NaN);
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
export function cidrs(given: string): readonly string[] {
  return items(given).map((item) => {
    const [address = "", length] = item.split("/", 2);
    const fits =
      isIP(address) !== 0 && (length === undefined || (ipaddr.isValidCIDR(item) && Number(length) > 0));
    if (!fits) {
      throw new SettingProblem("expected addresses or networks such as 10.0.0.0/8, separated by commas");
    }
    return item;
  });
}

/** Host names separated by commas, without ports. */
export function hosts(given: string): readonly string[] {
  return items(given).map((item) => {
    if (/^[a-z\d_]([\w-]*[a-z\d_])?(\.[a-z\d_]([\w-]*[a-z\d_])?)*\.?$/i.test(item)) return item;
    throw new SettingProblem(
      "expected host names such as login.example.com, without ports, separated by commas",
    );
  });
}

/** Web origins separated by commas, or `*`. */
export function origins(given: string): readonly string[] {
  return items(given).map((item) => {
    if (item !== "*" && URL.parse(item)?.origin !== item) {
      throw new SettingProblem("expected origins such as https://app.example.com, separated by commas, or *");
    }
    return item;
  });
}

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

/** A SQLite file, `:memory:`, or a PostgreSQL database. */
export function database(given: string): DatabasePlace {
  if (isPostgresUrl(given)) return postgresUrl(given);
  if (given === ":memory:") return { engine: "memory" };
  if (/^[a-z]+:/i.test(given))
    throw new SettingProblem(
      "expected the path of a SQLite file, :memory:, or postgres://user:password@host/database",
    );
  return { engine: "sqlite", path: text(given) };
}

/** A limit of failures per window, such as `20/15m`. */
export function rule(given: string): Rule {
  const [limit = "", window = ""] = given.split("/", 2);
  const windowMs = millisecondsOf(window);
  if (!/^[1-9]\d{0,8}$/.test(limit) || windowMs === undefined || windowMs < 1000) {
    throw new SettingProblem("expected a number of failures and a window, such as 20/15m");
  }
  return { limit: Number(limit), windowMs };
}

/** A secret that is too long to guess. */
export function secretText(given: string): string {
  if (given.length < 32)
    throw new SettingProblem("expected at least 32 random characters: `openssl rand -base64 32` prints some");
  return given;
}

/** Keys separated by commas. Each fits into an HTTP header and is too long to guess. */
export function keys(given: string): readonly string[] {
  return items(given).map((item) => {
    if (/^[\x21-\x7e]{32,256}$/.test(item)) return item;
    throw new SettingProblem(
      "expected keys of 32 to 256 random characters, separated by commas: `openssl rand -base64 32` prints one",
    );
  });
}

/** Readers of lists. The characters of each item are checked by themselves. */
export const lists: ReadonlySet<(given: string) => unknown> = new Set([list, cidrs, hosts, origins, keys]);

/** A password. The password policy judges it later. */
export function passwordText(given: string): string {
  return given;
}

function millisecondsOf(given: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(given) ?? [];
  if (count === undefined || !isUnit(unit)) return undefined;
  return Number(count) * units[unit];
}

function shownDuration(ms: number): string {
  if (ms % units.m === 0 && ms > 0) return `${ms / units.m}m`;
  return ms % units.s === 0 ? `${ms / units.s}s` : `${ms}ms`;
}

function isUnit(unit: string | undefined): unit is keyof typeof units {
  return unit !== undefined && Object.hasOwn(units, unit);
}

function items(given: string): string[] {
  return given
    .split(",")
    .map(trimmed)
    .filter((item) => item !== "");
}
