import type { PostgresExtras, PostgresTls } from "../store/place.ts";
import { SettingProblem } from "./setting-text.ts";

/** TLS as an address has it: with `prefer`, which says nothing certain. */
export type GivenTls = Partial<Omit<PostgresTls, "mode">> & {
  readonly mode?: PostgresTls["mode"] | "prefer";
};

/** What the parameters of an address say. */
export interface PostgresParameters {
  /** Hosts instead of those of the address, as libpq's `host`. */
  readonly hosts?: string;
  readonly tls: GivenTls;
  readonly extras: PostgresExtras;
  /** Parameters that have no effect here, a line each. */
  readonly notes: readonly string[];
}

type Meaning = (
  value: string,
  name: string,
) => Omit<Partial<PostgresParameters>, "notes"> & { note?: string };

const tls = (part: GivenTls) => ({ tls: part });
const extra = (part: PostgresExtras) => ({ extras: part });
const ignored =
  (instead: string): Meaning =>
  (_, name) => ({ note: `${name} in LATCHKEY_DATABASE has no effect: ${instead}` });
const refused =
  (why: string): Meaning =>
  (_, name) => {
    throw new SettingProblem(`${name} cannot be used: ${why}`);
  };
const oneOf =
  (values: Readonly<Record<string, Meaning>>): Meaning =>
  (value, name) => {
    const meaning = Object.hasOwn(values, value) ? values[value] : undefined;
    if (meaning === undefined)
      throw new SettingProblem(`give ${name} as one of ${Object.keys(values).join(", ")}`);
    return meaning(value, name);
  };

const asItIs: Meaning = () => ({});
const pool = ignored("LATCHKEY_DATABASE_POOL says how many connections there are");
const timeout = ignored("LATCHKEY_DATABASE_TIMEOUT bounds every wait");
const keepalive = ignored("connections are kept alive with the system's defaults");
const writes = refused("Latchkey writes, so it takes the primary; leave it out, or give read-write");

/** Every parameter that is understood: those of libpq, and those that providers and Prisma add. */
const meanings: Readonly<Record<string, Meaning>> = {
  host: (hosts) => ({ hosts }),
  sslmode: oneOf({
    disable: () => tls({ mode: "disable" }),
    allow: () => tls({ mode: "prefer" }),
    prefer: () => tls({ mode: "prefer" }),
    require: () => tls({ mode: "require" }),
    "verify-ca": () => tls({ mode: "verify-ca" }),
    "verify-full": () => tls({ mode: "verify-full" }),
  }),
  ssl: oneOf({ true: () => tls({ mode: "verify-full" }), 1: () => tls({ mode: "verify-full" }) }),
  sslrootcert: (rootCertificate) => tls({ rootCertificate }),
  sslcert: (certificate) => tls({ certificate }),
  sslkey: (key) => tls({ key }),
  sslnegotiation: oneOf({ postgres: asItIs, direct: () => tls({ direct: true }) }),
  channel_binding: oneOf({
    disable: asItIs,
    prefer: asItIs,
    require: () => tls({ channelBinding: true }),
  }),
  gssencmode: oneOf({ disable: asItIs, prefer: asItIs, require: refused("Latchkey encrypts with TLS") }),
  connect_timeout: (value, name) => {
    if (!/^\d{1,4}$/.test(value)) throw new SettingProblem(`give ${name} in seconds, such as 10`);
    const seconds = Number(value);
    return seconds === 0 ? timeout(value, name) : extra({ connectTimeout: seconds * 1000 });
  },
  application_name: (applicationName) => extra({ applicationName }),
  fallback_application_name: ignored("the name is `latchkey`, or that of application_name"),
  options: (options) => extra({ options }),
  schema: (schema) => extra({ schema }),
  client_encoding: oneOf({ UTF8: asItIs, utf8: asItIs, "utf-8": asItIs, "UTF-8": asItIs, auto: asItIs }),
  target_session_attrs: oneOf({
    any: asItIs,
    "read-write": asItIs,
    primary: asItIs,
    "read-only": writes,
    standby: writes,
    "prefer-standby": writes,
  }),
  load_balance_hosts: ignored("all hosts are asked at once, and the primary is used"),
  keepalives: keepalive,
  keepalives_idle: keepalive,
  keepalives_interval: keepalive,
  keepalives_count: keepalive,
  tcp_user_timeout: keepalive,
  connection_limit: pool,
  pool_timeout: timeout,
  socket_timeout: timeout,
  pgbouncer: ignored("a pooler is recognised at start, and must hand out connections by session"),
  statement_cache_size: ignored("each statement is prepared once for each connection"),
  uselibpqcompat: ignored("sslmode always has libpq's meaning"),
  supa: ignored("the provider alone reads it"),
  sslaccept: refused("give sslmode=verify-full or sslmode=require instead"),
  user: refused("give the user in front of the host, as in postgres://user:password@host:5432/database"),
  password: refused(
    "give the password in front of the host, as in postgres://user:password@host:5432/database",
  ),
};

/**
 * Reads what stands behind the `?` of an address. Names and meanings are libpq's: a parameter counts, or has no effect and
 * a note says so, or is refused.
 *
 * @throws {SettingProblem} saying what would do
 */
export function postgresParameters(text: string): PostgresParameters {
  const seen = new Set<string>();
  let read: PostgresParameters = { tls: {}, extras: {}, notes: [] };
  for (const pair of text.split("&").filter(Boolean)) {
    const [, name = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    if (seen.has(name)) throw new SettingProblem(`${shown(name)} is given twice`);
    seen.add(name);
    const meaning = Object.hasOwn(meanings, name) ? meanings[name] : undefined;
    if (meaning === undefined)
      throw new SettingProblem(
        `${shown(name)} is not understood; there are ${Object.keys(meanings).join(", ")}`,
      );
    const { note, tls, extras, ...rest } = meaning(decoded(value), name);
    read = {
      ...read,
      ...rest,
      tls: { ...tls, ...read.tls, ...(name === "sslmode" ? tls : {}) },
      extras: { ...read.extras, ...extras },
      notes: note === undefined ? read.notes : [...read.notes, note],
    };
  }
  return read;
}

/** A parameter's name as it may be printed: an address that is not well-formed can have anything there. */
function shown(name: string): string {
  return /^\w{1,40}$/.test(name) ? name : "a parameter";
}

/** Percent-decoding as libpq does it: a plus stays a plus. A NUL would end a value of the startup packet early. */
export function decoded(text: string): string {
  if (text.includes("%00")) throw new SettingProblem("%00 cannot be used in an address");
  try {
    return decodeURIComponent(text);
  } catch {
    throw new SettingProblem("a % must be written as %25");
  }
}
