import { isLoopback } from "./core/addresses.ts";
import { decoded, type GivenTls, postgresParameters } from "./postgres-parameters.ts";
import { SettingProblem } from "./setting-problem.ts";
import type { PostgresHost, PostgresPlace, PostgresTls } from "./store/place.ts";

const example = "postgres://user:password@host:5432/database";

/** Whether a text means a PostgreSQL database. */
export function isPostgresAddress(given: string): boolean {
  return /^postgres(ql)?:/i.test(given);
}

/** Whether there is a password in an address, well-formed or not. */
export function holdsPassword(given: string): boolean {
  return /^postgres(ql)?:(.*:.*@|.*[?&]password=)/is.test(given);
}

/**
 * Reads an address such as `postgres://user:password@one:5432,two:5432/database?sslmode=verify-full`: the names and
 * meanings are those of libpq, so that an address that other programs use can be taken over.
 *
 * @throws {SettingProblem} saying what would do, and never what the password is
 */
export function postgresAddress(given: string): PostgresPlace {
  const [, login = "", hosts = "", database = "", parameters = ""] =
    /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^/?#]*))?(?:\?([^#]*))?$/i.exec(given) ?? [];
  const [, user = "", password] = /^([^:]*)(?::(.*))?$/s.exec(login) ?? [];
  const { hosts: others, tls, extras, notes } = postgresParameters(parameters);
  const places = (others ?? decoded(hosts)).split(",").map(hostOf);
  const [first, ...rest] = places;
  if (user === "" || database === "" || first === undefined)
    throw new SettingProblem(`give an address such as ${example}`);
  return {
    engine: "postgres",
    hosts: [first, ...rest],
    user: decoded(user),
    ...(password !== undefined && password !== "" && { password: decoded(password) }),
    database: decoded(database),
    tls: tlsOf(tls, places),
    ...extras,
    notes: tls.mode === "prefer" && !isLocal(places) ? [...notes, preferNote] : notes,
  };
}

function hostOf(text: string): PostgresHost {
  const found = /^(\[[0-9a-f:.]+\]|\/.+?|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(text);
  const port = Number(found?.[2] ?? 5432);
  if (found?.[1] === undefined || port < 1 || port > 65_535)
    throw new SettingProblem(`give hosts as in ${example}, several separated by commas`);
  return { host: found[1].replaceAll(/[[\]]/g, ""), port };
}

const preferNote =
  "sslmode=prefer or allow in LATCHKEY_DATABASE is taken as require: a connection to another machine is always encrypted";

function tlsOf(given: GivenTls, hosts: readonly PostgresHost[]): PostgresTls {
  const { mode: _, rootCertificate, certificate, key, ...rest } = given;
  const mode = modeOf(given, hosts);
  if (mode === "disable" && (rootCertificate ?? certificate ?? key))
    throw new SettingProblem("certificates are of no use with sslmode=disable");
  if (mode === "disable" && (rest.channelBinding || rest.direct))
    throw new SettingProblem("channel_binding and sslnegotiation need TLS: give sslmode=require or more");
  if (mode === "verify-ca" && !rootCertificate)
    throw new SettingProblem("sslmode=verify-ca needs sslrootcert: give the file, or take verify-full");
  if (rootCertificate === "system" && mode !== "verify-full")
    throw new SettingProblem("sslrootcert=system needs sslmode=verify-full");
  if (Boolean(certificate) !== Boolean(key))
    throw new SettingProblem("give sslcert and sslkey together, or neither");
  return {
    mode,
    ...(rootCertificate && rootCertificate !== "system" && { rootCertificate }),
    ...(certificate && { certificate }),
    ...(key && { key }),
    ...rest,
  };
}

/** libpq falls back to plain text with `prefer`; here an attacker on the way to another machine gains nothing by it. */
function modeOf({ mode, rootCertificate }: GivenTls, hosts: readonly PostgresHost[]): PostgresTls["mode"] {
  const local = isLocal(hosts);
  if (mode === undefined) return local ? "disable" : "verify-full";
  if (mode === "prefer" && local) return "disable";
  if (mode !== "prefer" && mode !== "require") return mode;
  // As in libpq: an authority that is named is checked.
  return rootCertificate && rootCertificate !== "system" ? "verify-ca" : "require";
}

/** Whether nothing leaves the machine. */
function isLocal(hosts: readonly PostgresHost[]): boolean {
  return hosts.every(({ host }) => host.startsWith("/") || isLoopback(host));
}
