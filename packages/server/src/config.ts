import { availableParallelism } from "node:os";
import { isLoopback } from "./core/addresses.ts";
import { signingAlgorithms } from "./core/signing-key-pair.ts";
import { addressesFit, mostAddressBytes } from "./core/token-size.ts";
import { holdsPassword } from "./postgres-address.ts";
import { isServiceLink } from "./service-links.ts";
import { SettingProblem } from "./setting-problem.ts";
import { assertExact, assertPlain, trimmed } from "./setting-text.ts";
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
  /** Its blanks count: one at an edge is refused. Of any other text they are taken away. */
  readonly exact?: true;
  /** @throws {SettingProblem} saying what would do */
  readonly read: (given: string) => Value;
}

const setting = <Value>(
  variable: string,
  read: (given: string) => Value,
  fallback: string | undefined,
  meaning: string,
  more: Pick<Setting<Value>, "shown" | "secret" | "holdsSecret" | "exact"> = {},
): Setting<Value> => ({ variable: `LATCHKEY_${variable}`, read, fallback, meaning, ...more });

/** Every setting, in the order in which help and documentation show them. */
export const settings = {
  host: setting("HOST", host, "127.0.0.1", "where to listen"),
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
    exact: true,
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
      exact: true,
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
  refreshGraceSameAddress: setting(
    "REFRESH_GRACE_SAME_ADDRESS",
    duration(0),
    undefined,
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
  mcp: setting("MCP", choice("on", "off"), undefined, "the server's own tools at /mcp", {
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
    const variable = variableOf(known, environment);
    const given = flag ?? variable ?? known.fallback;
    if (given === undefined) return undefined;
    try {
      return known.read(checked(known, given));
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
  const accessTokenTtl = required("accessTokenTtl");
  const refreshGrace = required("refreshGrace");
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
    accessTokenTtl,
    sessionIdle: required("sessionIdle"),
    sessionMax: required("sessionMax"),
    sessionsPerUser: required("sessionsPerUser"),
    refreshGrace,
    refreshGraceSameAddress:
      read("refreshGraceSameAddress") ?? sameAddressGrace(refreshGrace, accessTokenTtl),
    currentToken: required("currentToken"),
    hashConcurrency: required("hashConcurrency"),
    hashQueue: required("hashQueue"),
    hashMemory: required("hashMemory"),
    hashIterations: required("hashIterations"),
    throttlePair: required("throttlePair"),
    throttleAccount: required("throttleAccount"),
    throttleAddress: required("throttleAddress"),
    trustedProxies: required("trustedProxies"),
    forwardedHeader: required("forwardedHeader"),
    allowedHosts: required("allowedHosts"),
    corsOrigins: required("corsOrigins"),
    hstsSubdomains: required("hstsSubdomains"),
    guardKeys: required("guardKeys"),
    metricsKeys: required("metricsKeys"),
    mcp: read("mcp") ?? (isLoopback(host) && read("provider") === "local" ? "on" : "off"),
    signingAlgorithm: required("signingAlgorithm"),
    keyRotation: required("keyRotation"),
    auditRetention: required("auditRetention"),
    auditMaxSize: required("auditMaxSize"),
    logLevel: required("logLevel"),
  };
  if (config.sessionIdle > config.sessionMax) {
    throw new SettingProblem("LATCHKEY_SESSION_IDLE must not be longer than LATCHKEY_SESSION_MAX");
  }
  if (config.refreshGrace > config.accessTokenTtl) {
    throw new SettingProblem("LATCHKEY_REFRESH_GRACE must not be longer than LATCHKEY_ACCESS_TOKEN_TTL");
  }
  if (config.refreshGraceSameAddress < config.refreshGrace) {
    throw new SettingProblem(
      "LATCHKEY_REFRESH_GRACE_SAME_ADDRESS must not be shorter than LATCHKEY_REFRESH_GRACE",
    );
  }
  if (config.refreshGraceSameAddress > config.accessTokenTtl) {
    throw new SettingProblem(
      "LATCHKEY_REFRESH_GRACE_SAME_ADDRESS must not be longer than LATCHKEY_ACCESS_TOKEN_TTL",
    );
  }
  if (config.database.engine === "postgres" && config.secret === undefined) {
    throw new SettingProblem(
      "LATCHKEY_SECRET must be set with PostgreSQL, to the same on every replica: `openssl rand -base64 32` prints one",
    );
  }
  if (!addressesFit(config.issuer, config.audience)) {
    throw new SettingProblem(
      `LATCHKEY_ISSUER and LATCHKEY_AUDIENCE must not be longer than ${mostAddressBytes} bytes together: every token holds both`,
    );
  }
  if (config.provider === "keycloak") assertKeycloak(config);
  return config;
}

/** A lost answer is asked for again within a minute. A grace of 0 s counts for the same address too. */
function sameAddressGrace(refreshGrace: number, accessTokenTtl: number): number {
  return refreshGrace === 0 ? 0 : Math.max(refreshGrace, Math.min(60_000, accessTokenTtl));
}

/** The text of a variable. One that is empty, or blank if blanks do not count, is as good as not set. */
function variableOf(
  { variable, exact }: Setting<unknown>,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const given = environment[variable] ?? "";
  const empty = (exact ? given : trimmed(given)) === "";
  return empty || isServiceLink(variable, given) ? undefined : given;
}

/** A text as its setting reads it. @throws {SettingProblem} for characters that no setting has */
function checked({ exact, read }: Setting<unknown>, given: string): string {
  if (exact) assertExact(given);
  const text = exact ? given : trimmed(given);
  // A list may be written on several lines.
  for (const part of lists.has(read) ? text.split(",").map(trimmed) : [text]) assertPlain(part);
  return text;
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
