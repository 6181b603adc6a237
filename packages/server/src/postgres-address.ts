import { isLoopback } from "./core/loopback.ts";
import { SettingProblem } from "./setting-problem.ts";
import type { PostgresHost, PostgresPlace, PostgresTls } from "./store/place.ts";

const example = "postgres://user:password@host:5432/database";

/** Whether a text means a PostgreSQL database. */
export function isPostgresAddress(given: string): boolean {
  return /^postgres(ql)?:/i.test(given);
}

/** Whether there is a password in an address, well-formed or not. */
export function holdsPassword(given: string): boolean {
  return /^postgres(ql)?:.*:.*@/is.test(given);
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
  const query = new URLSearchParams(parameters);
  const socket = query.get("host");
  const places = (socket ?? hosts).split(",").map(hostOf);
  const [first, ...rest] = places;
  if (user === "" || database === "" || first === undefined)
    throw new SettingProblem(`give an address such as ${example}`);
  return {
    engine: "postgres",
    hosts: [first, ...rest],
    user: decoded(user),
    ...(password !== undefined && password !== "" && { password: decoded(password) }),
    database: decoded(database),
    tls: tlsOf(query, places),
  };
}

function hostOf(text: string): PostgresHost {
  const found = /^(\[[0-9a-f:.]+\]|\/[^:]*|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(decoded(text));
  const port = Number(found?.[2] ?? 5432);
  if (found?.[1] === undefined || port < 1 || port > 65_535)
    throw new SettingProblem(`give hosts as in ${example}, several separated by commas`);
  return { host: found[1].replaceAll(/[[\]]/g, ""), port };
}

const known = new Set(["host", "sslmode", "sslrootcert", "sslcert", "sslkey"]);
const modes = ["disable", "require", "verify-ca", "verify-full"] as const;

function tlsOf(query: URLSearchParams, hosts: readonly PostgresHost[]): PostgresTls {
  for (const name of query.keys()) {
    if (!known.has(name))
      throw new SettingProblem(`${name} is not understood; there are ${[...known].join(", ")}`);
  }
  const given = query.get("sslmode");
  const mode = modes.find((one) => one === given) ?? (given === null ? usualMode(hosts) : undefined);
  if (mode === undefined) throw new SettingProblem(`give sslmode as one of ${modes.join(", ")}`);
  const [rootCertificate, certificate, key] = ["sslrootcert", "sslcert", "sslkey"].map((name) =>
    query.get(name),
  );
  if (mode === "disable" && (rootCertificate ?? certificate ?? key))
    throw new SettingProblem("certificates are of no use with sslmode=disable");
  if (mode === "verify-ca" && !rootCertificate)
    throw new SettingProblem("sslmode=verify-ca needs sslrootcert: give the file, or take verify-full");
  if (Boolean(certificate) !== Boolean(key))
    throw new SettingProblem("give sslcert and sslkey together, or neither");
  return {
    mode,
    ...(rootCertificate && { rootCertificate }),
    ...(certificate && { certificate }),
    ...(key && { key }),
  };
}

/** What does not leave the machine needs no encryption; all else does, unless the address says otherwise. */
function usualMode(hosts: readonly PostgresHost[]): PostgresTls["mode"] {
  return hosts.every(({ host }) => host.startsWith("/") || isLoopback(host)) ? "disable" : "verify-full";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new SettingProblem("a % must be written as %25");
  }
}
