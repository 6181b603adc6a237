import type { RouteOptions } from "./adapters/route-options.ts";
import { type Algorithm, isAlgorithm } from "./check/signature.ts";
import type { GuardEvent } from "./issuer/guard-events.ts";
import type { KeySource, RevocationSource } from "./issuer/sources.ts";

/** Options of `createGuard`. The issuer alone is required. */
export interface GuardOptions extends RouteOptions {
  /**
   * The `iss` that tokens must carry: an http or https URL. Keys are discovered below it. If only a closing
   * slash differs from the issuer's metadata, the name in the metadata counts.
   */
  readonly issuer: string;
  /**
   * Tokens must name at least one of these in `aud`. Of a loopback URL, the names `localhost`, `127.0.0.1` and `[::1]`
   * count as one. Default: the issuer, unless `authorizedParty` is given.
   */
  readonly audience?: string | readonly string[];
  /**
   * Tokens must have been issued to one of these clients: `azp`, or `client_id` if that is absent. If this is
   * set and `audience` is not, `aud` is not checked: by default a Keycloak realm does not name an API there.
   */
  readonly authorizedParty?: string | readonly string[];
  /**
   * The URL below which the issuer's metadata is read. Default: the issuer. A Latchkey in front of a Keycloak
   * realm publishes two addresses there: of the realm's keys, and of its own feed of ended sessions.
   */
  readonly discoverAt?: string;
  /** Accepted signature algorithms; a token with any other is refused. Default: ES256, RS256, PS256. */
  readonly algorithms?: readonly Algorithm[];
  /** How long an expired token is still accepted, in milliseconds, up to 60,000. Default: 5,000. */
  readonly clockTolerance?: number;
  /** How many verified tokens the cache holds. Default: 10,000. */
  readonly cacheSize?: number;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
  /**
   * Called for each event between guard and issuer, for a log. Its errors are ignored. Default: one
   * `console.warn` with the reason, when every token is refused, and for the first token for another audience.
   */
  readonly onEvent?: (event: GuardEvent) => void;

  /** The source of keys. Default: the issuer's key set, found by discovery and read again every 10 minutes. */
  readonly keys?: KeySource;
  /** The source of ended sessions. Default: the issuer's feed, if its metadata names one. */
  readonly revocations?: RevocationSource;

  /** The key that lets this guard follow the feed. Not needed on the issuer's own machine. */
  readonly guardKey?: string | undefined;
  /**
   * Whether to follow the feed of ended sessions. Default: follow it if the issuer's metadata names one. With
   * `true`, an issuer without a feed counts as a lost feed.
   */
  readonly follow?: boolean | undefined;
  /** How long a silent feed still counts as current, in milliseconds, from 10,000. Default: 30,000. */
  readonly staleAfter?: number;
  /**
   * The answer to a token when the feed has been silent for longer. `refuse`: 503. `ask`: look up its session
   * at the issuer, and refuse without an answer. `accept`: accept it. A session that is known to have ended is
   * always refused. Default: `refuse`.
   */
  readonly whenStale?: "refuse" | "ask" | "accept";
  /**
   * How long keys count that cannot be read again, in milliseconds, from 60,000. Default: 24 hours.
   */
  readonly keysMaxAge?: number;
  /** Sends the requests to the issuer. Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** Validated options, with defaults. */
export type GuardSettings = Readonly<ReturnType<typeof readOptions>>;

/**
 * Validates options, which may come from a program without types.
 *
 * @throws {TypeError} one line that names the wrong option and a valid value
 */
export function readOptions(options: GuardOptions) {
  const {
    issuer,
    discoverAt = issuer,
    authorizedParty,
    algorithms = ["ES256", "RS256", "PS256"],
    guardKey,
    follow,
  } = options;
  const { audience = authorizedParty === undefined ? issuer : undefined } = options;
  const { whenStale = "refuse", now = Date.now } = options;
  need(isIssuer(issuer), "issuer", "an http or https URL without query, fragment and credentials");
  need(isIssuer(discoverAt), "discoverAt", "an http or https URL without query, fragment and credentials");
  need(
    Array.isArray(algorithms) && algorithms.length > 0 && algorithms.every(isAlgorithm),
    "algorithms",
    "a list of signature algorithms with a public key, such as ES256, RS256 or EdDSA",
  );
  need(["refuse", "ask", "accept"].includes(whenStale), "whenStale", '"refuse", "ask" or "accept"');
  need(follow === undefined || typeof follow === "boolean", "follow", "true or false");
  need(
    guardKey === undefined || (isText(guardKey) && /^[\x21-\x7e]{16,}$/.test(guardKey)),
    "guardKey",
    "at least 16 characters of ASCII without spaces",
  );
  return {
    issuer,
    /** Undefined if `aud` is not checked. */
    audience: texts(audience, "audience"),
    /** Whether the audience defaults to the issuer. */
    issuerIsAudience: options.audience === undefined && authorizedParty === undefined,
    authorizedParty: texts(authorizedParty, "authorizedParty"),
    discoverAt,
    algorithms: [...algorithms],
    clockTolerance: number(options, "clockTolerance", 5_000, 0, 60_000),
    cacheSize: number(options, "cacheSize", 10_000, 0, 10_000_000),
    now,
    guardKey,
    follow,
    staleAfter: number(options, "staleAfter", 30_000, 10_000, day),
    whenStale,
    keysMaxAge: number(options, "keysMaxAge", day, 60_000, 7 * day),
  };
}

const day = 86_400_000;

function need(sound: boolean, name: keyof GuardOptions, wanted: string): void {
  if (!sound) wrong(name, wanted);
}

/** The message never repeats the given value: it may be a secret in the wrong option. */
function wrong(name: keyof GuardOptions, wanted: string): never {
  throw new TypeError(`createGuard: ${name} must be ${wanted}`);
}

function texts(given: string | readonly string[] | undefined, name: keyof GuardOptions) {
  if (given === undefined) return undefined;
  const list: readonly string[] = typeof given === "string" ? [given] : given;
  const sound = Array.isArray(list) && list.length > 0 && list.every(isText);
  need(sound, name, "a non-empty text or a list of such texts");
  return [...list];
}

type NumberName = "clockTolerance" | "cacheSize" | "staleAfter" | "keysMaxAge";

function number(options: GuardOptions, name: NumberName, otherwise: number, min: number, max: number) {
  const value = options[name] ?? otherwise;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  // Only on an error: formatting a number loads 6 MB of tables.
  const shown = (bound: number) => bound.toLocaleString("en");
  return wrong(name, `a whole number from ${shown(min)} to ${shown(max)}`);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isIssuer(value: unknown): value is string {
  if (!isText(value) || !/^https?:\/\/[^\s?#\\]+$/i.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === "" && password === "";
}
