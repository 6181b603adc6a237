import { availableParallelism } from "node:os";
import { signingAlgorithms } from "../core/signing-key-pair.ts";
import { holdsPassword } from "./postgres-url.ts";
import {
  choice,
  cidrs,
  database,
  duration,
  host,
  hosts,
  integer,
  keys,
  list,
  lists,
  origins,
  passwordText,
  rule,
  secretText,
  size,
  text,
  url,
} from "./values.ts";

/** One setting: its variable, its meaning, and the reader of its text. */
export interface Setting<Value> {
  readonly variable: string;
  /** The default as a user would write it. Undefined for an optional setting. */
  readonly fallback: string | undefined;
  readonly meaning: string;
  /** The default in words, for help and documentation, if a text cannot show it. */
  readonly shown?: string;
  /** A secret has no flag: every user of a machine can read the arguments of a process. */
  readonly secret?: true;
  /** Whether a text holds a secret, for settings that may. */
  readonly holdsSecret?: (given: string) => boolean;
  /** Blanks at the edges count, so they are refused. Other settings lose them without a word. */
  readonly exact?: true;
  /** Whether the text is a list, which may be written on several lines. */
  readonly list: boolean;
  /**
   * @param given undefined if neither flag nor variable is set
   * @throws {SettingProblem} with the texts that would be accepted
   */
  readonly read: (given: string | undefined) => Value;
}

type More = Pick<Setting<unknown>, "shown" | "secret" | "holdsSecret" | "exact">;

/** A setting with a default. */
const setting = <Value>(
  variable: string,
  read: (text: string) => Value,
  fallback: string,
  meaning: string,
  more: More = {},
): Setting<Value> => ({
  variable: `LATCHKEY_${variable}`,
  fallback,
  meaning,
  list: lists.has(read),
  read: (given = fallback) => read(given),
  ...more,
});

/** A setting that may be absent: its value is then made or derived when the server starts. */
const optional = <Value>(
  variable: string,
  read: (text: string) => Value,
  meaning: string,
  more: More,
): Setting<Value | undefined> => ({
  variable: `LATCHKEY_${variable}`,
  fallback: undefined,
  meaning,
  list: lists.has(read),
  read: (given) => (given === undefined ? undefined : read(given)),
  ...more,
});

/** Every setting, in the order in which help and documentation show them. */
export const settings = {
  host: setting("HOST", host, "127.0.0.1", "where to listen"),
  port: setting("PORT", integer(0, 65_535), "8000", "where to listen; 0 picks a free port and prints it"),
  issuer: optional("ISSUER", url, "public address, the `iss` of tokens", {
    shown: "http://HOST:PORT",
  }),
  audience: optional("AUDIENCE", list, "`aud` of tokens; several, separated by commas", {
    shown: "the issuer",
  }),
  database: setting(
    "DATABASE",
    database,
    "./data/latchkey.db",
    "a SQLite file, :memory:, or postgres://user:password@host/database",
    { holdsSecret: holdsPassword },
  ),
  databasePool: setting("DATABASE_POOL", integer(2, 1000), "10", "connections to PostgreSQL"),
  databaseTimeout: setting(
    "DATABASE_TIMEOUT",
    duration(100),
    "3s",
    "how long PostgreSQL may take for one answer",
  ),
  secret: optional("SECRET", secretText, "encrypts signing keys at rest, derives refresh tokens", {
    shown: "made on first start, kept beside the database with mode 0600",
    secret: true,
    exact: true,
  }),
  provider: setting("PROVIDER", choice("local", "keycloak"), "local", "where people come from"),
  keycloakUrl: optional("KEYCLOAK_URL", url, "address of Keycloak, what stands before /realms", {
    shown: "none",
  }),
  keycloakRealm: optional("KEYCLOAK_REALM", text, "the realm in which people sign in", {
    shown: "none",
  }),
  keycloakClientId: optional("KEYCLOAK_CLIENT_ID", text, "the client there that Latchkey is", {
    shown: "none",
  }),
  keycloakClientSecret: optional("KEYCLOAK_CLIENT_SECRET", passwordText, "the secret of that client", {
    shown: "none",
    secret: true,
    exact: true,
  }),
  keycloakTimeout: setting(
    "KEYCLOAK_TIMEOUT",
    duration(100),
    "5s",
    "how long Keycloak may take for one answer",
  ),
  adminPassword: optional("ADMIN_PASSWORD", passwordText, "the first administrator's password", {
    shown: "made and shown once",
    secret: true,
    exact: true,
  }),
  passwordMinLength: setting("PASSWORD_MIN_LENGTH", integer(8, 64), "8", "characters a new password needs"),
  accessTokenTtl: setting("ACCESS_TOKEN_TTL", duration(1000), "1h", "how long an access token is valid"),
  sessionIdle: setting(
    "SESSION_IDLE",
    duration(1000),
    "7d",
    "an unused session ends after this, also one that is open already",
  ),
  sessionMax: setting(
    "SESSION_MAX",
    duration(1000),
    "30d",
    "every session ends after this, also one that is open already",
  ),
  sessionsPerUser: setting(
    "SESSIONS_PER_USER",
    integer(1, 1_000_000),
    "1000",
    "live sessions of one user; a login beyond ends the oldest",
  ),
  refreshGrace: setting(
    "REFRESH_GRACE",
    duration(0),
    "10s",
    "how long a repeated refresh token gets the same successor, from another address",
  ),
  refreshGraceSameAddress: optional(
    "REFRESH_GRACE_SAME_ADDRESS",
    duration(0),
    "the same, from the address where the session was opened",
    { shown: "60s, at most ACCESS_TOKEN_TTL; 0s if REFRESH_GRACE is 0s" },
  ),
  currentToken: setting(
    "CURRENT_TOKEN",
    choice("on", "off"),
    "on",
    "whether refresh trades a live access token for a new one",
  ),
  hashConcurrency: setting(
    "HASH_CONCURRENCY",
    integer(1, 256),
    String(availableParallelism()),
    "hashes at once",
    {
      shown: "cores",
    },
  ),
  hashQueue: setting("HASH_QUEUE", integer(0, 100_000), "64", "logins that may wait for a hash"),
  hashMemory: setting(
    "HASH_MEMORY",
    integer(8, 4_194_304),
    "19456",
    "KiB of memory for one hash (argon2id m)",
  ),
  hashIterations: setting("HASH_ITERATIONS", integer(1, 100), "2", "passes of one hash (argon2id t)"),
  throttlePair: setting("THROTTLE_PAIR", rule, "20/15m", "failed logins on one account from one address"),
  throttleAccount: setting("THROTTLE_ACCOUNT", rule, "100/1h", "failed logins on one account"),
  throttleAddress: setting("THROTTLE_ADDRESS", rule, "100/15m", "failed logins from one address"),
  trustedProxies: setting(
    "TRUSTED_PROXIES",
    cidrs,
    "",
    "CIDRs of proxies whose forwarded address and X-Request-Id count",
    {
      shown: "none",
    },
  ),
  forwardedHeader: setting(
    "FORWARDED_HEADER",
    choice("x-forwarded-for", "forwarded"),
    "x-forwarded-for",
    "the one header in which those proxies name the caller",
  ),
  allowedHosts: setting("ALLOWED_HOSTS", hosts, "", "more host names that the server answers to", {
    shown: "none; at a loopback address the issuer's and loopback names, else all",
  }),
  corsOrigins: setting("CORS_ORIGINS", origins, "", "origins whose pages may call", { shown: "none" }),
  hstsSubdomains: setting(
    "HSTS_SUBDOMAINS",
    choice("on", "off"),
    "off",
    "whether HSTS includes the subdomains of an https issuer",
  ),
  guardKeys: setting("GUARD_KEYS", keys, "", "keys with which guards follow the ended sessions", {
    shown: "none; not asked for on the server's own machine",
    secret: true,
  }),
  metricsKeys: setting("METRICS_KEYS", keys, "", "keys with which monitoring reads /metrics", {
    shown: "none; not asked for on the server's own machine",
    secret: true,
  }),
  mcp: optional("MCP", choice("on", "off"), "the server's own tools at /mcp", {
    shown: "on where HOST is this machine alone and people are local, else off",
  }),
  signingAlgorithm: setting(
    "SIGNING_ALGORITHM",
    choice(...signingAlgorithms),
    "ES256",
    "algorithm of new signing keys",
  ),
  keyRotation: setting("KEY_ROTATION", duration(60_000), "90d", "how long one key signs"),
  auditRetention: setting("AUDIT_RETENTION", duration(60_000), "90d", "how long audit events are kept"),
  auditMaxSize: setting(
    "AUDIT_MAX_SIZE",
    size(1e6),
    "1GB",
    "size of the audit trail; the oldest events go first",
  ),
  logLevel: setting(
    "LOG_LEVEL",
    choice("debug", "info", "warn", "error", "silent"),
    "info",
    "JSON lines; pretty on a terminal",
  ),
} as const satisfies Record<string, Setting<unknown>>;

export type SettingName = keyof typeof settings;

/** The names of all settings, in the order of the table. */
export const settingNames: readonly SettingName[] = Object.keys(settings).filter(isSettingName);

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name);
}

/** The flag of a setting: `--access-token-ttl` for `LATCHKEY_ACCESS_TOKEN_TTL`. */
export function flagOf({ variable }: Pick<Setting<unknown>, "variable">): string {
  return variable.replace("LATCHKEY_", "").replaceAll("_", "-").toLowerCase();
}
