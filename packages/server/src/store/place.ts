/** One of the servers of a PostgreSQL database. */
export interface PostgresHost {
  /** A host name, an IP address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

/** Encryption of a connection, after libpq's `sslmode`. */
export interface PostgresTls {
  /** `require` encrypts without checking the server; `verify-ca` and `verify-full` check it, the latter by name too. */
  readonly mode: "disable" | "require" | "verify-ca" | "verify-full";
  /** PEM files: the authorities to trust instead of the system's list, and Latchkey's own certificate. */
  readonly rootCertificate?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Whether TLS starts with the first byte, without a request in plain text before it. */
  readonly direct?: boolean;
  /** Whether the password must be bound to the server's certificate (SCRAM-SHA-256-PLUS). */
  readonly channelBinding?: boolean;
}

/** Optional parameters of an address. */
export interface PostgresExtras {
  readonly applicationName?: string;
  /** Timeout for opening a connection, in milliseconds. */
  readonly connectTimeout?: number;
  /** Command-line options for the server process of a connection. */
  readonly options?: string;
  /** The schema of the tables. Default: the first one of the search path. */
  readonly schema?: string;
}

/** A PostgreSQL database and the settings of its connections. */
export interface PostgresPlace extends PostgresExtras {
  readonly engine: "postgres";
  /** A primary and its standbys, in any order. */
  readonly hosts: readonly [PostgresHost, ...PostgresHost[]];
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  readonly tls: PostgresTls;
  /** Parameters of the address that are ignored or applied differently, one line each. */
  readonly notes: readonly string[];
}

/** The address of a database. */
export type DatabasePlace =
  | { readonly engine: "sqlite"; readonly path: string }
  | { readonly engine: "memory" }
  | PostgresPlace;

/** The address without its password. */
export function shownPlace(place: DatabasePlace): string {
  if (place.engine === "memory") return ":memory:";
  if (place.engine === "sqlite") return place.path;
  const hosts = place.hosts.map(({ host, port }) => `${host}:${port}`);
  return `postgres://${place.user}@${hosts.join(",")}/${place.database}`;
}
