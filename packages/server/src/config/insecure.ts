import { isLoopback } from "../core/throttle/addresses.ts";
import type { SmtpServer } from "./mail-values.ts";
import { coversHalf } from "./wide-networks.ts";

/** The settings that the table judges. Absent ones have their defaults. */
export interface SecurityFacts {
  readonly host: string;
  readonly issuer: string | undefined;
  readonly provider: "local" | "keycloak";
  readonly keycloakUrl: string | undefined;
  readonly hashMemory: number;
  readonly hashIterations: number;
  readonly accessTokenTtl: number;
  readonly refreshGrace: number;
  readonly refreshGraceSameAddress: number;
  readonly oauthRefreshGrace: number;
  readonly trustedProxies: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly smtpUrl: SmtpServer | undefined;
  readonly mailWebhookUrl: string | undefined;
  readonly mailbox: "on" | "off";
  /** The secrets of the server, and the keys of guards and monitoring. */
  readonly secrets: readonly string[];
}

/** A combination of settings that weakens the server. */
export interface Insecurity {
  /** The name in `LATCHKEY_ALLOW_INSECURE`, if it refuses the start. */
  readonly name: string;
  /** `refuses`: the server starts only if the setting allows the combination by name. */
  readonly effect: "refuses" | "warns";
  readonly applies: (facts: SecurityFacts) => boolean;
  /** The settings, the danger and the cure in one line. */
  readonly sentence: string;
}

/** Memory in KiB and iterations of argon2id with one lane, from OWASP's Password Storage Cheat Sheet. */
const owasp = [
  [47_104, 1],
  [19_456, 2],
  [12_288, 3],
  [9_216, 4],
  [7_168, 5],
] as const;

/** Random text of 32 digits has fewer than this many different ones once in 700 times, other random text never. */
const fewCharacters = 8;

const day = 86_400_000;
const minute = 60_000;

/** Every insecure combination, in the order of its setting. */
export const insecurities: readonly Insecurity[] = [
  {
    name: "issuer",
    effect: "refuses",
    applies: isPlainIssuer,
    sentence:
      "LATCHKEY_ISSUER is, or defaults to, an http:// address off this machine, so passwords and tokens travel in plain text: set the https:// address of the proxy in front",
  },
  {
    name: "secret",
    effect: "refuses",
    applies: ({ secrets }) => secrets.some((secret) => new Set(secret).size < fewCharacters),
    sentence: `LATCHKEY_SECRET, LATCHKEY_GUARD_KEYS or LATCHKEY_METRICS_KEYS has a secret with fewer than ${fewCharacters} different characters, which can be guessed: \`openssl rand -base64 32\` prints a random one`,
  },
  {
    name: "keycloak",
    effect: "refuses",
    applies: ({ provider, keycloakUrl }) =>
      provider === "keycloak" && keycloakUrl !== undefined && isPlainHttp(keycloakUrl),
    sentence:
      "LATCHKEY_KEYCLOAK_URL is an http:// address off this machine, so passwords travel to Keycloak in plain text: set an https:// address",
  },
  {
    name: "hash",
    effect: "refuses",
    applies: ({ hashMemory, hashIterations }) =>
      !owasp.some(([memory, iterations]) => hashMemory >= memory && hashIterations >= iterations),
    sentence: `LATCHKEY_HASH_MEMORY and LATCHKEY_HASH_ITERATIONS are below OWASP's table, so stolen hashes are cheap to guess: set at least ${owasp.map((pair) => pair.join(" and ")).join(", or ")}`,
  },
  {
    name: "proxies",
    effect: "refuses",
    applies: ({ trustedProxies }) => coversHalf(trustedProxies),
    sentence:
      "LATCHKEY_TRUSTED_PROXIES covers half of all addresses or more, so any client can choose its own address: name the addresses of your proxies alone",
  },
  {
    name: "cors",
    effect: "refuses",
    applies: ({ corsOrigins }) => corsOrigins.includes("*"),
    sentence:
      "LATCHKEY_CORS_ORIGINS is *, so any web page can call the API with a token or password that it has obtained: name the origins of your pages",
  },
  {
    name: "mail",
    effect: "refuses",
    applies: ({ smtpUrl, mailWebhookUrl }) =>
      (smtpUrl?.tls === "none" && !isLoopback(smtpUrl.host)) ||
      (mailWebhookUrl !== undefined && isPlainHttp(mailWebhookUrl)),
    sentence:
      "LATCHKEY_SMTP_URL has ?tls=off, or LATCHKEY_MAIL_WEBHOOK_URL is an http:// address off this machine, so links that open accounts travel in plain text: use a mail server with TLS, or an https:// address",
  },
  {
    name: "mailbox",
    effect: "refuses",
    applies: ({ mailbox, ...facts }) => mailbox === "on" && isReachable(facts),
    sentence:
      "LATCHKEY_MAILBOX is on and the server can be reached from other machines, so every visitor reads the links that open accounts: set LATCHKEY_SMTP_URL instead",
  },
  {
    name: "token-lifetime",
    effect: "warns",
    applies: ({ accessTokenTtl }) => accessTokenTtl > day,
    sentence:
      "LATCHKEY_ACCESS_TOKEN_TTL is longer than a day, so a stolen access token works for as long: choose a shorter time, and let clients refresh",
  },
  {
    name: "grace",
    effect: "warns",
    applies: ({ refreshGrace, refreshGraceSameAddress, oauthRefreshGrace }) =>
      Math.max(refreshGrace, refreshGraceSameAddress, oauthRefreshGrace) > minute,
    sentence:
      "LATCHKEY_REFRESH_GRACE, LATCHKEY_REFRESH_GRACE_SAME_ADDRESS or LATCHKEY_OAUTH_REFRESH_GRACE is longer than 60s, so a stolen refresh token can be used for as long beside its owner: choose a shorter time",
  },
];

/** The names that `LATCHKEY_ALLOW_INSECURE` accepts. */
export const allowableInsecurities: readonly string[] = insecurities
  .filter(({ effect }) => effect === "refuses")
  .map(({ name }) => name);

/** Whether the issuer is, or defaults to, an address off this machine without encryption. */
export function isPlainIssuer({ host, issuer }: Pick<SecurityFacts, "host" | "issuer">): boolean {
  return issuer === undefined ? !isLoopback(host) : isPlainHttp(issuer);
}

/** Whether a URL has no encryption and leads to another machine. */
function isPlainHttp(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !isLoopback(hostname);
}

/** Whether other machines may reach the server, by its own address or through a proxy. */
function isReachable({
  host,
  issuer,
  trustedProxies,
}: Pick<SecurityFacts, "host" | "issuer" | "trustedProxies">): boolean {
  const local = issuer === undefined || isLoopback(new URL(issuer).hostname);
  return !isLoopback(host) || !local || trustedProxies.length > 0;
}
