import { isLoopback } from "../core/throttle/addresses.ts";
import type { PostgresHost, PostgresPlace, PostgresTls } from "../store/place.ts";
import { decoded, type GivenTls, postgresParameters } from "./postgres-parameters.ts";
import { SettingProblem } from "./setting-text.ts";

const example = "postgres://user:password@host:5432/database";

/** Whether a text is a PostgreSQL URL. */
export function isPostgresUrl(given: string): boolean {
  return /^postgres(ql)?:/i.test(given);
}

/** Whether a URL holds a password, even if it is malformed, quoted, or percent-encoded. */
export function holdsPassword(given: string): boolean {
  return [given, leniently(given)].some((text) => /postgres(ql)?:(.*:.*@|.*password=)/is.test(text));
}

/**
 * Whether an error line must leave a text out, because a part of it may be a password. This is wider than
 * `holdsPassword`: a malformed address can have its password anywhere.
 */
export function mayHoldPassword(given: string): boolean {
  return /@|%|pass|pwd|postgres.*[?:].*:|:\/\/[^/]*:/is.test(given);
}

/** Whether a text looks like an address or a connection string. Without this check it would be taken for a file name. */
export function isAddress(given: string): boolean {
  return /^["'\s]*[a-z][a-z\d+.-]*:|:\/\/|\bpassword\s*=|^\s*(host|hostaddr|user|dbname)\s*=/i.test(given);
}

/** Percent-decoding that leaves malformed sequences as they are. */
function leniently(text: string): string {
  return text.replaceAll(/%[\da-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}

/**
 * Reads a URL such as `postgres://user:password@one:5432,two:5432/database?sslmode=verify-full`. Names and meanings are
 * libpq's, so a URL that other programs use works here too.
 *
 * @throws {SettingProblem} with the texts that would be accepted. The message never holds the password.
 */
export function postgresUrl(given: string): PostgresPlace {
  const [, login = "", hostList = "", database = "", parameters = ""] =
    /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^/?#]*))?(?:\?([^#]*))?$/i.exec(given) ?? [];
  const [, user = "", password] = /^([^:]*)(?::(.*))?$/s.exec(login) ?? [];
  assertNoPasswordIn("user", decoded(user));
  assertNoPasswordIn("database", decoded(database));
  const { hosts: others, tls, extras, notes } = postgresParameters(parameters);
  const hosts = (others ?? decoded(hostList)).split(",").map(hostOf);
  const [first, ...rest] = hosts;
  if (user === "" || database === "" || first === undefined)
    throw new SettingProblem(`expected a URL such as ${example}`);
  return {
    engine: "postgres",
    hosts: [first, ...rest],
    user: decoded(user),
    ...(password !== undefined && password !== "" && { password: decoded(password) }),
    database: decoded(database),
    tls: tlsOf(tls, hosts),
    ...extras,
    notes: tls.mode === "prefer" && !isLocal(hosts) ? [...notes, preferNote] : notes,
  };
}

/** The user and the database appear in the log, so a password that an encoded character moved there is refused. */
function assertNoPasswordIn(part: "user" | "database", text: string): void {
  const [found] = (part === "user" ? /:|password\s*=/i : /[?@]|password\s*=/i).exec(text) ?? [];
  if (found === undefined) return;
  throw new SettingProblem(
    `its ${part} contains ${found}, perhaps of a password: expected a URL such as ${example}`,
  );
}

function hostOf(text: string): PostgresHost {
  const found = /^(\[[0-9a-f:.]+\]|\/[^@]+?|[^:@[\]]+)(?::(\d{1,5}))?$/i.exec(text);
  const port = Number(found?.[2] ?? 5432);
  if (found?.[1] === undefined || port < 1 || port > 65_535)
    throw new SettingProblem(`expected hosts as in ${example}; separate several with commas`);
  return { host: found[1].replaceAll(/[[\]]/g, ""), port };
}

const preferNote =
  "sslmode=prefer or allow in LATCHKEY_DATABASE is treated as require: connections to another machine are always encrypted";

function tlsOf(given: GivenTls, hosts: readonly PostgresHost[]): PostgresTls {
  const { mode: _, rootCertificate, certificate, key, ...rest } = given;
  const mode = modeOf(given, hosts);
  if (mode === "disable" && (rootCertificate ?? certificate ?? key))
    throw new SettingProblem(
      "sslmode=disable uses no certificates: remove sslrootcert, sslcert and sslkey, or use sslmode=require",
    );
  if (mode === "disable" && (rest.channelBinding || rest.direct))
    throw new SettingProblem(
      "channel_binding and sslnegotiation need TLS: use sslmode=require or a stricter one",
    );
  if (mode === "verify-ca" && !rootCertificate)
    throw new SettingProblem("sslmode=verify-ca needs sslrootcert: name the file, or use verify-full");
  if (rootCertificate === "system" && mode !== "verify-full")
    throw new SettingProblem("sslrootcert=system needs sslmode=verify-full");
  if (Boolean(certificate) !== Boolean(key))
    throw new SettingProblem("set sslcert and sslkey together, or neither");
  return {
    mode,
    ...(rootCertificate && rootCertificate !== "system" && { rootCertificate }),
    ...(certificate && { certificate }),
    ...(key && { key }),
    ...rest,
  };
}

/**
 * `prefer` means `require` for another machine. libpq would fall back to plain text, and an attacker on the network
 * could make it do so.
 */
function modeOf({ mode, rootCertificate }: GivenTls, hosts: readonly PostgresHost[]): PostgresTls["mode"] {
  const local = isLocal(hosts);
  if (mode === undefined) return local ? "disable" : "verify-full";
  if (mode === "prefer" && local) return "disable";
  if (mode !== "prefer" && mode !== "require") return mode;
  // As in libpq: naming an authority means that the certificate is checked against it.
  return rootCertificate && rootCertificate !== "system" ? "verify-ca" : "require";
}

/** Whether all hosts are on this machine, so that nothing crosses a network. */
function isLocal(hosts: readonly PostgresHost[]): boolean {
  return hosts.every(({ host }) => host.startsWith("/") || isLoopback(host));
}
