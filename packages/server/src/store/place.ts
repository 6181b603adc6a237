/** One server of a PostgreSQL database that may have several. */
export interface PostgresHost {
  /** A host name, an IP address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

/** How a connection is encrypted, after libpq's `sslmode`. */
export interface PostgresTls {
  /** `require` encrypts without checking the server; `verify-ca` and `verify-full` check it, the latter by name too. */
  readonly mode: "disable" | "require" | "verify-ca" | "verify-full";
  /** PEM files: the authorities to trust instead of the system's list, and Latchkey's own certificate. */
  readonly rootCertificate?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Whether TLS begins with the first byte. */
  readonly direct?: boolean;
  /** Whether the password must be bound to the server's certificate (SCRAM-SHA-256-PLUS). */
  readonly channelBinding?: boolean;
}

/** What an address may say besides. */
export interface PostgresExtras {
  readonly applicationName?: string;
  /** How long a connection may take to be opened, in milliseconds. */
  readonly connectTimeout?: number;
  /** Options of the command line of a connection's server process. */
  readonly options?: string;
  /** The schema in which the tables are, instead of the first of the search path. */
  readonly schema?: string;
}

/** A PostgreSQL database, and how its connections behave. */
export interface PostgresPlace extends PostgresExtras {
  readonly engine: "postgres";
  /** A primary and its standbys, in any order. */
  readonly hosts: readonly [PostgresHost, ...PostgresHost[]];
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  readonly tls: PostgresTls;
  /** Parameters of the address that have no effect or another than they say, a line each. */
  readonly notes: readonly string[];
}

/** Where a database is. */
export type DatabasePlace =
  | { readonly engine: "sqlite"; readonly path: string }
  | { readonly engine: "memory" }
  | PostgresPlace;

/** A place as it may be shown: without passwords. */
export function shownPlace(place: DatabasePlace): string {
  if (place.engine === "memory") return ":memory:";
  if (place.engine === "sqlite") return place.path;
  const hosts = place.hosts.map(({ host, port }) => `${host}:${port}`);
  return `postgres://${place.user}@${hosts.join(",")}/${place.database}`;
}
