import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { type ClientConfig, types } from "pg";
import { UnusableDatabaseError } from "../database.ts";
import type { PostgresHost, PostgresPlace, PostgresTls } from "../place.ts";

/** Timeouts for PostgreSQL, in milliseconds. */
export interface Timeouts {
  /** For one answer. */
  readonly answer: number;
  /** For opening a connection. */
  readonly connect: number;
}

/** The type `bigint`: times and counts, all below 2^53. */
const int8 = types.builtins.INT8;

/** The settings of a connection to this host. */
export function clientOptions(
  place: PostgresPlace,
  { host, port }: PostgresHost,
  timeouts: Timeouts,
): ClientConfig {
  return {
    host,
    port,
    user: place.user,
    // A function keeps the password out of a printed connection.
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
    // All statements of a change are sent without waiting for answers.
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
