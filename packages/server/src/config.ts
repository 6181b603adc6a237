import { availableParallelism } from "node:os";
import { isLoopback } from "./core/loopback.ts";
import { holdsPassword } from "./postgres-address.ts";
import { SettingProblem } from "./setting-problem.ts";
import {
  choice,
  cidrs,
  database,
  duration,
  integer,
  keys,
  list,
  origins,
  passwordText,
  rule,
  secretText,
  text,
  url,
} from "./setting-types.ts";

/** One setting: its variable, what it means, and how its text is read. */
export interface Setting<Value> {
  readonly variable: string;
  /** As text, as a user would write it; undefined where there is none. */
  readonly fallback: string | undefined;
  readonly meaning: string;
  /** What the default is called where it is not a plain text. */
  readonly shown?: string;
  /** A secret has no flag: every user of a machine can read the arguments of a process. */
  readonly secret?: true;
  /** Whether a text holds a secret, for settings that may. */
  readonly holdsSecret?: (given: string) => boolean;
  /** @throws {SettingProblem} saying what would do */
  readonly read: (given: string) => Value;
}

const setting = <Value>(
  variable: string,
  read: (given: string) => Value,
  fallback: string | undefined,
  meaning: string,
  more: Pick<Setting<Value>, "shown" | "secret" | "holdsSecret"> = {},
): Setting<Value> => ({ variable: `LATCHKEY_${variable}`, read, fallback, meaning, ...more });

/** Every setting, in the order in which help and documentation show them. */
export const settings = {
  host: setting("HOST", text, "127.0.0.1", "where to listen"),
  port: setting("PORT", integer(0, 65_535), "8000", "where to listen; 0 picks a free port and prints it"),
  issuer: setting("ISSUER", url, undefined, "public address, the `iss` of tokens", {
    shown: "http://HOST:PORT",
  }),
  audience: setting("AUDIENCE", list, undefined, "`aud` of tokens; several, separated by commas", {
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
  secret: setting("SECRET", secretText, undefined, "encrypts signing keys at rest, derives refresh tokens", {
    shown: "made on first start, kept beside the database with mode 0600",
    secret: true,
  }),
  provider: setting("PROVIDER", choice("local", "keycloak"), "local", "where people come from"),
  keycloakUrl: setting("KEYCLOAK_URL", url, undefined, "address of Keycloak, what stands before /realms", {
    shown: "none",
  }),
  keycloakRealm: setting("KEYCLOAK_REALM", text, undefined, "the realm in which people sign in", {
    shown: "none",
  }),
  keycloakClientId: setting("KEYCLOAK_CLIENT_ID", text, undefined, "the client there that Latchkey is", {
    shown: "none",
  }),
  keycloakClientSecret: setting(
    "KEYCLOAK_CLIENT_SECRET",
    passwordText,
    undefined,
    "the secret of that client",
    {
      shown: "none",
      secret: true,
    },
  ),
  keycloakTimeout: setting(
    "KEYCLOAK_TIMEOUT",
    duration(100),
    "5s",
    "how long Keycloak may take for one answer",
  ),
  adminPassword: setting("ADMIN_PASSWORD", passwordText, undefined, "the first administrator's password", {
    shown: "made and shown once",
    secret: true,
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
    "a repeated refresh token gets the same successor",
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
  trustedProxies: setting("TRUSTED_PROXIES", cidrs, "", "CIDRs whose X-Forwarded-For counts", {
    shown: "none",
  }),
  corsOrigins: setting("CORS_ORIGINS", origins, "", "origins whose pages may call", { shown: "none" }),
  guardKeys: setting("GUARD_KEYS", keys, "", "keys with which guards follow the ended sessions", {
    shown: "none; not asked for on the server's own machine",
    secret: true,
  }),
  metricsKeys: setting("METRICS_KEYS", keys, "", "keys with which monitoring reads /metrics", {
    shown: "none; not asked for on the server's own machine",
    secret: true,
  }),
  mcp: setting("MCP", choice("on", "off"), undefined, "the server's own tools at /mcp", {
    shown: "on where HOST is this machine alone and people are local, else off",
  }),
  keyRotation: setting("KEY_ROTATION", duration(60_000), "90d", "how long one key signs"),
  auditRetention: setting("AUDIT_RETENTION", duration(60_000), "90d", "how long audit events are kept"),
  logLevel: setting(
    "LOG_LEVEL",
    choice("debug", "info", "warn", "error", "silent"),
    "info",
    "JSON lines; pretty on a terminal",
  ),
} as const satisfies Record<string, Setting<unknown>>;

export type SettingName = keyof typeof settings;

type Value<Name extends SettingName> = ReturnType<(typeof settings)[Name]["read"]>;

const table: { readonly [Name in SettingName]: Setting<Value<Name>> } = settings;

/** What may be left open: it is made or derived when the server starts. */
type Open =
  | "issuer"
  | "audience"
  | "secret"
  | "adminPassword"
  | "keycloakUrl"
  | "keycloakRealm"
  | "keycloakClientId"
  | "keycloakClientSecret";

/** All settings, read and checked. */
export type Config = {
  readonly [Name in SettingName]: Name extends Open ? Value<Name> | undefined : Value<Name>;
};

/** The flag of a setting: `--access-token-ttl` for `LATCHKEY_ACCESS_TOKEN_TTL`. */
export function flagOf({ variable }: Pick<Setting<unknown>, "variable">): string {
  return variable.replace("LATCHKEY_", "").replaceAll("_", "-").toLowerCase();
}

/**
 * Reads the settings: a flag goes before its variable, a variable before the default.
 *
 * @throws {SettingProblem} for the first that cannot be understood: its name, what was given, what would do
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Record<string, string | undefined>> = {},
): Config {
  const read = <Name extends SettingName>(name: Name): Value<Name> | undefined => {
    const known = table[name];
    const flag = known.secret ? undefined : flags[flagOf(known)];
    const variable = environment[known.variable];
    const given = flag ?? (variable === "" ? undefined : variable) ?? known.fallback;
    if (given === undefined) return undefined;
    try {
      return known.read(given);
    } catch (error) {
      if (!(error instanceof SettingProblem)) throw error;
      const name = flag === undefined ? known.variable : `--${flagOf(known)}`;
      const hidden = known.secret || known.holdsSecret?.(given);
      throw new SettingProblem(hidden ? `${name}: ${error.message}` : `${name}=${given}: ${error.message}`);
    }
  };
  const required = <Name extends SettingName>(name: Name): Value<Name> => {
    const value = read(name);
    if (value === undefined) throw new SettingProblem(`${settings[name].variable} must be set`);
    return value;
  };
  const host = required("host");
  const config: Config = {
    host,
    port: required("port"),
    issuer: read("issuer"),
    audience: read("audience"),
    database: required("database"),
    databasePool: required("databasePool"),
    databaseTimeout: required("databaseTimeout"),
    secret: read("secret"),
    provider: required("provider"),
    keycloakUrl: read("keycloakUrl"),
    keycloakRealm: read("keycloakRealm"),
    keycloakClientId: read("keycloakClientId"),
    keycloakClientSecret: read("keycloakClientSecret"),
    keycloakTimeout: required("keycloakTimeout"),
    adminPassword: read("adminPassword"),
    passwordMinLength: required("passwordMinLength"),
    accessTokenTtl: required("accessTokenTtl"),
    sessionIdle: required("sessionIdle"),
    sessionMax: required("sessionMax"),
    sessionsPerUser: required("sessionsPerUser"),
    refreshGrace: required("refreshGrace"),
    hashConcurrency: required("hashConcurrency"),
    hashQueue: required("hashQueue"),
    hashMemory: required("hashMemory"),
    hashIterations: required("hashIterations"),
    throttlePair: required("throttlePair"),
    throttleAccount: required("throttleAccount"),
    throttleAddress: required("throttleAddress"),
    trustedProxies: required("trustedProxies"),
    corsOrigins: required("corsOrigins"),
    guardKeys: required("guardKeys"),
    metricsKeys: required("metricsKeys"),
    mcp: read("mcp") ?? (isLoopback(host) && read("provider") === "local" ? "on" : "off"),
    keyRotation: required("keyRotation"),
    auditRetention: required("auditRetention"),
    logLevel: required("logLevel"),
  };
  if (config.sessionIdle > config.sessionMax) {
    throw new SettingProblem("LATCHKEY_SESSION_IDLE must not be longer than LATCHKEY_SESSION_MAX");
  }
  if (config.refreshGrace > config.accessTokenTtl) {
    throw new SettingProblem("LATCHKEY_REFRESH_GRACE must not be longer than LATCHKEY_ACCESS_TOKEN_TTL");
  }
  if (config.database.engine === "postgres" && config.secret === undefined) {
    throw new SettingProblem(
      "LATCHKEY_SECRET must be set with PostgreSQL, to the same on every replica: `openssl rand -base64 32` prints one",
    );
  }
  if (config.provider === "keycloak") assertKeycloak(config);
  return config;
}

/** What the realm needs, and what only works with users of Latchkey's own. */
function assertKeycloak(config: Config): void {
  const needed = ["keycloakUrl", "keycloakRealm", "keycloakClientId", "keycloakClientSecret"] as const;
  for (const name of needed) {
    if (config[name] !== undefined) continue;
    throw new SettingProblem(`${settings[name].variable} must be set with LATCHKEY_PROVIDER=keycloak`);
  }
  if (config.mcp === "on") {
    throw new SettingProblem(
      "LATCHKEY_MCP=on: the server's own tools are for users of its own; with LATCHKEY_PROVIDER=keycloak they are off",
    );
  }
}
