import { availableParallelism } from "node:os";
import { mailLanguages } from "../core/mail/mail-kinds.ts";
import { signingAlgorithms } from "../core/tokens/signing-key-pair.ts";
import { allowableInsecurities } from "./insecure.ts";
import { sender, shownName, signUp, smtpServer, webhookSecret } from "./mail-values.ts";
import { holdsPassword, mayHoldPassword } from "./postgres-url.ts";
import { generatedReplicaId, replicaId } from "./replica-id.ts";
import {
  choice,
  choices,
  cidrs,
  clientDocuments,
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
  secrets,
  size,
  text,
  url,
} from "./values.ts";

/** One setting: its default, its meaning, and the reader of its text. */
export interface Setting<Value> {
  /** The default as a user would write it. Undefined for an optional setting. */
  readonly fallback: string | undefined;
  readonly meaning: string;
  /** The default in words, for help and documentation, if a text cannot show it. */
  readonly shown?: string;
  /** A secret has no flag: every user of a machine can read the arguments of a process. */
  readonly secret?: true;
  /** Whether a text holds a secret, for settings that may. A flag with a secret is refused. */
  readonly holdsSecret?: (given: string) => boolean;
  /** Whether an error must leave the text out, because it may hold a secret. This is wider than `holdsSecret`. */
  readonly mayHoldSecret?: (given: string) => boolean;
  /** Blanks at the edges count, so they are refused. Other settings lose them without a word. */
  readonly exact?: true;
  /** The text is a list with one item a line. */
  readonly lines?: true;
  /** Whether the text is a list, which may be written on several lines. */
  readonly list: boolean;
  /**
   * @param given undefined if neither flag nor variable is set
   * @throws {SettingProblem} with the texts that would be accepted
   */
  readonly read: (given: string | undefined) => Value;
}

type More = Pick<Setting<unknown>, "shown" | "secret" | "holdsSecret" | "mayHoldSecret" | "exact" | "lines"> &
  Partial<Pick<Setting<unknown>, "list">>;

/** A setting with a default. */
const setting = <Value>(
  read: (text: string) => Value,
  fallback: string,
  meaning: string,
  more: More = {},
): Setting<Value> => ({
  fallback,
  meaning,
  list: lists.has(read),
  read: (given = fallback) => read(given),
  ...more,
});

/** A setting that may be absent: its value is then generated or derived when the server starts. */
const optional = <Value>(
  read: (text: string) => Value,
  meaning: string,
  more: More = {},
): Setting<Value | undefined> => ({
  fallback: undefined,
  shown: "none",
  meaning,
  list: lists.has(read),
  read: (given) => (given === undefined ? undefined : read(given)),
  ...more,
});

/**
 * Every setting, in the order in which help and documentation show them. The name of an entry is also the name of its
 * variable and its flag.
 */
export const settings = {
  host: setting(host, "127.0.0.1", "address to listen on"),
  port: setting(integer(0, 65_535), "8000", "port to listen on; 0 picks a free port and prints it"),
  issuer: optional(url, "public URL, the `iss` of tokens", { shown: "http://HOST:PORT" }),
  audience: optional(list, "`aud` of tokens; separate several with commas", { shown: "the issuer" }),
  database: setting(
    database,
    "./data/latchkey.db",
    "a SQLite file, :memory:, or postgres://user:password@host/database",
    { holdsSecret: holdsPassword, mayHoldSecret: mayHoldPassword },
  ),
  databasePool: setting(integer(2, 1000), "10", "connections to PostgreSQL"),
  databaseTimeout: setting(duration(100), "3s", "longest wait for an answer from PostgreSQL"),
  secret: optional(secrets, "encrypts signing keys at rest, derives refresh tokens", {
    shown: "generated on first start, kept beside the database with mode 0600",
    secret: true,
    exact: true,
    lines: true,
  }),
  provider: setting(choice("local", "keycloak"), "local", "source of the users"),
  keycloakUrl: optional(url, "URL of Keycloak, without /realms/…"),
  keycloakRealm: optional(text, "realm of the users"),
  keycloakClientId: optional(text, "id of Latchkey's client in that realm"),
  keycloakClientSecret: optional(passwordText, "secret of that client", { secret: true, exact: true }),
  keycloakTimeout: setting(duration(100), "5s", "longest wait for an answer from Keycloak"),
  adminPassword: optional(passwordText, "password of the first administrator", {
    shown: "generated and shown once",
    secret: true,
    exact: true,
  }),
  passwordMinLength: setting(integer(8, 64), "8", "shortest new password, in characters"),
  accessTokenTtl: setting(duration(1000), "1h", "lifetime of an access token"),
  sessionIdle: setting(
    duration(1000),
    "7d",
    "an unused session ends after this time; also for open sessions",
  ),
  sessionMax: setting(duration(1000), "30d", "every session ends after this time; also for open sessions"),
  sessionsPerUser: setting(
    integer(1, 1_000_000),
    "1000",
    "live sessions per user; a further login ends the oldest",
  ),
  refreshGrace: setting(
    duration(0),
    "10s",
    "how long a repeated refresh token gets the same successor, from another address",
  ),
  refreshGraceSameAddress: optional(duration(0), "the same, from the address that opened the session", {
    shown: "60s, at most ACCESS_TOKEN_TTL; 0s if REFRESH_GRACE is 0s",
  }),
  currentToken: setting(choice("on", "off"), "on", "whether a live access token can be traded for a new one"),
  hashConcurrency: setting(
    integer(1, 256),
    String(availableParallelism()),
    "password hashes computed at once",
    { shown: "cores" },
  ),
  hashQueue: setting(integer(0, 100_000), "64", "logins that may wait for a hash"),
  hashMemory: setting(integer(8, 4_194_304), "19456", "KiB of memory for one hash (argon2id m)"),
  hashIterations: setting(integer(1, 100), "2", "passes of one hash (argon2id t)"),
  throttlePair: setting(rule, "20/15m", "failed logins on one account from one address"),
  throttleAccount: setting(rule, "100/1h", "failed logins on one account"),
  throttleAddress: setting(rule, "100/15m", "failed logins from one address"),
  trustedProxies: setting(cidrs, "", "CIDRs of proxies that may set client addresses and X-Request-Id", {
    shown: "none",
  }),
  forwardedHeader: setting(
    choice("x-forwarded-for", "forwarded"),
    "x-forwarded-for",
    "header in which these proxies name the client",
  ),
  allowedHosts: setting(hosts, "", "further host names that the server accepts", {
    shown: "none; on loopback only the issuer's and loopback names are accepted, else all",
  }),
  corsOrigins: setting(origins, "", "web origins that may call the API (CORS)", { shown: "none" }),
  hstsSubdomains: setting(
    choice("on", "off"),
    "off",
    "whether HSTS includes the subdomains of an https issuer",
  ),
  guardKeys: setting(keys, "", "keys for guards, to read the revocation list", {
    shown: "none; not needed on the server's own machine",
    secret: true,
  }),
  metricsKeys: setting(keys, "", "keys for monitoring, to read /metrics", {
    shown: "none; not needed on the server's own machine",
    secret: true,
  }),
  mcp: optional(choice("on", "off"), "the built-in MCP tools at /mcp", {
    shown: "on if HOST is a loopback address and users are local, else off",
  }),
  oauth: optional(choice("on", "off"), "the authorization server for OAuth clients at /oauth", {
    shown: "on if ISSUER is an https or a loopback address and users are local, else off",
  }),
  oauthRegistration: setting(choice("on", "off"), "on", "whether OAuth clients may register themselves"),
  oauthClientDocuments: setting(
    clientDocuments,
    "on",
    "client ids that are URLs of documents: on, off, or the hosts of such documents",
    { list: true },
  ),
  oauthRefreshGrace: optional(
    duration(0),
    "how long a repeated refresh token of an OAuth client gets the same successor",
    { shown: "60s, at most ACCESS_TOKEN_TTL" },
  ),
  oauthResource: optional(url, "resource of OAuth requests that name none", {
    shown: "ISSUER/mcp if MCP is on, else the first URL of AUDIENCE",
  }),
  siteName: optional(shownName, "name of your site, on pages and in mails", { shown: "the host of ISSUER" }),
  siteUrl: optional(url, "address of your site, which that name links to"),
  accountPages: optional(choice("on", "off"), "the pages at /account, for people's own accounts", {
    shown: "on if ISSUER is an https or a loopback address and users are local, else off",
  }),
  signUp: setting(
    signUp,
    "off",
    "how people get accounts by mail: off, invitation, or also with an address of these domains",
    { list: true },
  ),
  smtpUrl: optional(smtpServer, "mail server that sends the mails: smtps://user:password@host", {
    secret: true,
    exact: true,
  }),
  mailFrom: optional(sender, "address that mails come from, or a name and <address>"),
  mailWebhookUrl: optional(url, "https address that gets each mail as JSON, in place of SMTP"),
  mailWebhookSecret: optional(webhookSecret, "key that signs those requests (Standard Webhooks)", {
    secret: true,
    exact: true,
  }),
  mailbox: setting(
    choice("on", "off"),
    "off",
    "for development: mails stay in memory, and /mailbox shows them",
  ),
  mailLanguage: setting(choice(...mailLanguages), "en", "language of a mail if the reader's is unknown"),
  docs: setting(choice("on", "off"), "on", "whether /docs and /openapi.json are served"),
  allowInsecure: setting(
    choices(allowableInsecurities),
    "",
    "dangerous combinations of settings that may start, by name, separated by commas",
    { shown: "none", list: true },
  ),
  signingAlgorithm: setting(choice(...signingAlgorithms), "ES256", "algorithm of new signing keys"),
  keyRotation: setting(duration(60_000), "90d", "time after which the next key signs"),
  auditRetention: setting(duration(60_000), "90d", "how long audit events are kept"),
  removedRetention: optional(
    duration(60_000),
    "time after which a removed user is erased from the audit trail",
    { shown: "never" },
  ),
  auditMaxSize: setting(size(1e6), "1GB", "size of the audit trail; the oldest events go first"),
  replica: setting(
    replicaId,
    generatedReplicaId(),
    "id of this process in its log, its audit events and its metrics",
    { shown: "the host's name and six random digits" },
  ),
  logLevel: setting(
    choice("debug", "info", "warn", "error", "silent"),
    "info",
    "lowest level to log, as JSON lines; pretty on a terminal",
  ),
} as const satisfies Record<string, Setting<unknown>>;

/** The name of a setting in the configuration, such as `accessTokenTtl`. */
export type SettingName = keyof typeof settings;

/** The names of all settings, in the order of the table. */
export const settingNames: readonly SettingName[] = Object.keys(settings).filter(isSettingName);

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name);
}

/** Every setting with its name, for code that needs no types of the values. */
export const allSettings: readonly (readonly [name: string, Setting<unknown>])[] = Object.entries(settings);

/** The variable of a setting: `LATCHKEY_ACCESS_TOKEN_TTL` for `accessTokenTtl`. */
export function variableOf(name: string): string {
  return `LATCHKEY_${name.replaceAll(/[A-Z]/g, "_$&").toUpperCase()}`;
}

/** The variable with the path of a file that holds the setting: `LATCHKEY_SECRET_FILE`. Only secrets have one. */
export function fileVariableOf(
  name: string,
  { secret, holdsSecret }: Pick<Setting<unknown>, "secret" | "holdsSecret">,
): string | undefined {
  return secret || holdsSecret ? `${variableOf(name)}_FILE` : undefined;
}

/** The flag of a setting: `access-token-ttl` for `accessTokenTtl`. */
export function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, "-$&").toLowerCase();
}
