import type { PostgresExtras, PostgresTls } from "../store/place.ts";
import { SettingProblem } from "./setting-text.ts";

/** TLS as a URL states it. `prefer` is resolved later, because it depends on the host. */
export type GivenTls = Partial<Omit<PostgresTls, "mode">> & {
  readonly mode?: PostgresTls["mode"] | "prefer";
};

/** The parameters of a URL, read. */
export interface PostgresParameters {
  /** These replace the hosts of the URL, as libpq's `host` does. */
  readonly hosts?: string;
  readonly tls: GivenTls;
  readonly extras: PostgresExtras;
  /** One line for each parameter that has no effect here. */
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
      throw new SettingProblem(`expected ${name} to be one of ${Object.keys(values).join(", ")}`);
    return meaning(value, name);
  };

const asItIs: Meaning = () => ({});
const pool = ignored("LATCHKEY_DATABASE_POOL sets the number of connections");
const timeout = ignored("LATCHKEY_DATABASE_TIMEOUT limits every wait");
const keepalive = ignored("keep-alive uses the defaults of the system");
const writes = refused("Latchkey needs the primary: remove it, or use read-write");

/** Every known parameter: those of libpq, and those that hosting providers and Prisma add. */
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
    if (!/^\d{1,4}$/.test(value)) throw new SettingProblem(`expected ${name} in seconds, such as 10`);
    const seconds = Number(value);
    return seconds === 0 ? timeout(value, name) : extra({ connectTimeout: seconds * 1000 });
  },
  application_name: (applicationName) => extra({ applicationName }),
  fallback_application_name: ignored("set application_name instead; the default is `latchkey`"),
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
  load_balance_hosts: ignored("Latchkey asks all hosts at once and uses the primary"),
  keepalives: keepalive,
  keepalives_idle: keepalive,
  keepalives_interval: keepalive,
  keepalives_count: keepalive,
  tcp_user_timeout: keepalive,
  connection_limit: pool,
  pool_timeout: timeout,
  socket_timeout: timeout,
  pgbouncer: ignored("Latchkey detects a pooler at start; it must pool by session"),
  statement_cache_size: ignored("each connection prepares a statement once"),
  uselibpqcompat: ignored("sslmode always has libpq's meaning"),
  supa: ignored("only the hosting provider reads it"),
  sslaccept: refused("use sslmode=verify-full or sslmode=require instead"),
  user: refused("write the user in front of the host, as in postgres://user:password@host:5432/database"),
  password: refused(
    "write the password in front of the host, as in postgres://user:password@host:5432/database",
  ),
};

/**
 * Reads the text behind the `?` of a URL. Names and meanings are libpq's. A parameter takes effect, or a note says that
 * it has none, or it is refused.
 *
 * @throws {SettingProblem} with the texts that would be accepted
 */
export function postgresParameters(text: string): PostgresParameters {
  const seen = new Set<string>();
  // An unencoded password with a ? or & ends up among the names. It is followed by the @ of the host.
  const shown = text.includes("@") ? () => "a parameter" : shownName;
  let read: PostgresParameters = { tls: {}, extras: {}, notes: [] };
  for (const pair of text.split("&").filter(Boolean)) {
    const [, name = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    if (seen.has(name)) throw new SettingProblem(`${shown(name)} is set twice`);
    seen.add(name);
    const meaning = Object.hasOwn(meanings, name) ? meanings[name] : undefined;
    if (meaning === undefined)
      throw new SettingProblem(
        `${shown(name)} is unknown; known parameters are ${Object.keys(meanings).join(", ")}`,
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

/** A parameter's name, if it is safe to print. A malformed URL can have its password there. */
function shownName(name: string): string {
  return /^\w{1,40}$/.test(name) ? name : "a parameter";
}

/** Percent-decoding as libpq does it: a plus stays a plus. A NUL would end a value of the startup packet early. */
export function decoded(text: string): string {
  if (text.includes("%00")) throw new SettingProblem("%00 cannot be used in a URL");
  try {
    return decodeURIComponent(text);
  } catch {
    throw new SettingProblem("a % must be written as %25");
  }
}
