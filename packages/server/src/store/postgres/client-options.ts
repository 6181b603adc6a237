import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { type ClientConfig, types } from "pg";
import { UnusableDatabaseError } from "../database.ts";
import type { PostgresHost, PostgresPlace, PostgresTls } from "../place.ts";

/** How long PostgreSQL may take, in milliseconds. */
export interface Timeouts {
  /** For one answer. */
  readonly answer: number;
  /** For a connection. */
  readonly connect: number;
}

/** PostgreSQL's `bigint`: times and counts, all of which a number can hold. */
const int8 = types.builtins.INT8;

/** What a connection to this host needs. */
export function clientOptions(
  place: PostgresPlace,
  { host, port }: PostgresHost,
  timeouts: Timeouts,
): ClientConfig {
  return {
    host,
    port,
    user: place.user,
    // A function is not shown where a connection is printed.
    ...(place.password !== undefined && { password: () => place.password ?? "" }),
    database: place.database,
    ssl: tlsOptions(place.tls),
    ...(place.tls.direct && { sslnegotiation: "direct" as const }),
    ...(place.tls.channelBinding && { enableChannelBinding: true }),
    application_name: place.applicationName ?? "latchkey",
    ...(place.options !== undefined && { options: place.options }),
    keepAlive: true,
    connectionTimeoutMillis: timeouts.connect,
    // Longer than the engine's own timeouts, so that no abandoned statement keeps running.
    query_timeout: timeouts.answer + 500,
    // A change travels as a whole, not a statement at a time.
    pipeline: true,
    types: { getTypeParser: (oid, format) => (oid === int8 ? Number : types.getTypeParser(oid, format)) },
  };
}

function tlsOptions(tls: PostgresTls): ConnectionOptions | false {
  if (tls.mode === "disable") return false;
  const { rootCertificate, certificate, key } = tls;
  return {
    rejectUnauthorized: tls.mode !== "require",
    ...(tls.mode === "verify-ca" && { checkServerIdentity: () => undefined }),
    ...(rootCertificate !== undefined && { ca: pemFile(rootCertificate) }),
    ...(certificate !== undefined && { cert: pemFile(certificate) }),
    ...(key !== undefined && { key: pemFile(key) }),
  };
}

function pemFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${error.code})` : "";
    throw new UnusableDatabaseError(`cannot read ${path}${code}: correct the path in LATCHKEY_DATABASE`);
  }
}
