import type { RouteOptions } from "./adapters/route-options.ts";
import { type Algorithm, isAlgorithm } from "./check/signature.ts";
import type { GuardEvent } from "./issuer/guard-events.ts";
import type { KeySource, RevocationSource } from "./issuer/sources.ts";

export interface GuardOptions extends RouteOptions {
  /**
   * The exact `iss` that tokens must carry: an http or https URL. Keys are discovered below it. A closing slash may
   * differ from the issuer's own name: then the name in its metadata counts.
   */
  readonly issuer: string;
  /** Tokens must name at least one of these in `aud`. Default: the issuer, unless `authorizedParty` is given. */
  readonly audience?: string | readonly string[];
  /**
   * Tokens must have been issued to one of these clients: `azp`, or `client_id` where that is absent. With it
   * alone `aud` is not looked at, in which a Keycloak realm names no API unless it is told to.
   */
  readonly authorizedParty?: string | readonly string[];
  /**
   * Where the issuer's metadata is read, if not below the issuer: a Latchkey in front of a Keycloak realm, which
   * tells where the realm's keys are, and where its own feed of ended sessions.
   */
  readonly discoverAt?: string;
  /** The signature algorithms that are accepted, whatever a token says. Default: ES256, RS256, PS256. */
  readonly algorithms?: readonly Algorithm[];
  /** For how long after its expiry a token still counts, in milliseconds, up to 60,000. Default: 5,000. */
  readonly clockTolerance?: number;
  /** How many verified tokens to remember. Default: 10,000. */
  readonly cacheSize?: number;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
  /**
   * Called for each event between guard and issuer, for a log. Its errors are ignored. Default: `console.warn` says
   * once why every token is refused.
   */
  readonly onEvent?: (event: GuardEvent) => void;

  /** Where keys come from. Default: the issuer's key set, found by discovery and read again as it changes. */
  readonly keys?: KeySource;
  /** Where ended sessions come from. Default: the issuer's feed, where it has one. */
  readonly revocations?: RevocationSource;

  /** The key with which this guard follows the feed. Not asked for on the issuer's own machine. */
  readonly guardKey?: string;
  /**
   * Whether to follow the feed of ended sessions. Default: where the issuer's discovery names one. With
   * `true`, an issuer that names none counts as a feed that is lost.
   */
  readonly follow?: boolean;
  /** For how long without a word the feed still counts, in milliseconds, from 10,000. Default: 30,000. */
  readonly staleAfter?: number;
  /**
   * What to do with a token when the feed has been silent for longer. `refuse`: 503. `ask`: ask the issuer
   * about its session, refuse where there is no answer. `accept`: let it pass. A session that is known to have
   * ended is refused always. Default: `refuse`.
   */
  readonly whenStale?: "refuse" | "ask" | "accept";
  /**
   * For how long keys count when they cannot be read again, in milliseconds, from 60,000. Default: 24 hours.
   */
  readonly keysMaxAge?: number;
  /** Makes the requests. Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** Options that were found sound, each with its default. */
export interface GuardSettings {
  readonly issuer: string;
  /** Undefined where `aud` is not looked at. */
  readonly audience: readonly string[] | undefined;
  /** Whether the audience is the issuer, because no other was given. */
  readonly issuerIsAudience: boolean;
  readonly authorizedParty: readonly string[] | undefined;
  readonly discoverAt: string;
  readonly algorithms: readonly Algorithm[];
  readonly clockTolerance: number;
  readonly cacheSize: number;
  readonly now: () => number;
  readonly guardKey: string | undefined;
  readonly follow: boolean | undefined;
  readonly staleAfter: number;
  readonly whenStale: "refuse" | "ask" | "accept";
  readonly keysMaxAge: number;
}

/**
 * Reads options, which may come from a program without types.
 *
 * @throws {TypeError} that says in one line which option is wrong and what would do
 */
export function readOptions(options: GuardOptions): GuardSettings {
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
    audience: texts(audience, "audience"),
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

/** Never says what was given: it may have been put in the wrong place. */
function wrong(name: keyof GuardOptions, wanted: string): never {
  throw new TypeError(`createGuard: ${name} must be ${wanted}`);
}

function texts(given: string | readonly string[] | undefined, name: keyof GuardOptions) {
  if (given === undefined) return undefined;
  const list: readonly string[] = typeof given === "string" ? [given] : given;
  const sound = Array.isArray(list) && list.length > 0 && list.every(isText);
  need(sound, name, "a text or a list of texts, none of them empty");
  return [...list];
}

type NumberName = "clockTolerance" | "cacheSize" | "staleAfter" | "keysMaxAge";

function number(options: GuardOptions, name: NumberName, otherwise: number, min: number, max: number) {
  const value = options[name] ?? otherwise;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  // Only where it is needed: writing numbers as people do loads 6 MB of the platform's tables.
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
