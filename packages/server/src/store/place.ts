/** One server of a PostgreSQL database that may have several. */
export interface PostgresHost {
  /** A host name, an IP address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

/** How a connection is encrypted, after libpq's `sslmode`. */
export interface PostgresTls {
  /** `require` encrypts without asking who is there; `verify-ca` and `verify-full` ask, the latter by name too. */
  readonly mode: "disable" | "require" | "verify-ca" | "verify-full";
  /** PEM files: whom to trust instead of the system's list, and who Latchkey is. */
  readonly rootCertificate?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** A PostgreSQL database, and how its connections behave. */
export interface PostgresPlace {
  readonly engine: "postgres";
  /** A primary and its standbys, in any order. */
  readonly hosts: readonly [PostgresHost, ...PostgresHost[]];
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  readonly tls: PostgresTls;
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
