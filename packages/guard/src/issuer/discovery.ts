import { type Clocks, type Moment, momentOf, since } from "../support/clocks.ts";
import { membersOf } from "../support/own-members.ts";
import { printable } from "../support/printable.ts";
import { SingleFlight } from "../support/single-flight.ts";
import type { Emit } from "./guard-events.ts";
import { IssuerError, type Requests, requestJson } from "./issuer-request.ts";

/** The members of an issuer's metadata that a guard needs. */
export interface Metadata {
  /** The exact `iss` of its tokens: as configured, except for a closing slash. */
  readonly issuer: string;
  /** `jwks_uri`. */
  readonly keySet: URL;
  /** `latchkey_revocations_endpoint`; undefined if the issuer has no feed of ended sessions. */
  readonly feed: URL | undefined;
  /** Whether OAuth clients can get a token there: it has both endpoints of RFC 8414 §2. */
  readonly isAuthorizationServer: boolean;
}

/**
 * After a failure `once` waits so long, in milliseconds, so that requests of strangers cost the issuer nothing.
 */
export const failureCooldown = 5_000;

/** Reads an issuer's metadata (OpenID Connect Discovery 1.0 §4) and keeps the last successful answer. */
export class Discovery {
  readonly #requests: Requests;
  readonly #issuer: string;
  readonly #clocks: Clocks;
  readonly #at: string;
  readonly #emit: Emit;
  #reportedMismatch: string | undefined;
  #known: Metadata | undefined;
  #failed: { readonly at: Moment; readonly error: unknown } | undefined;
  readonly #reading: SingleFlight<Metadata>;

  /** @param at the URL below which the metadata is read */
  constructor(
    requests: Requests,
    issuer: string,
    clocks: Clocks,
    at: string = issuer,
    emit: Emit = () => {},
  ) {
    this.#requests = requests;
    this.#issuer = issuer;
    this.#clocks = clocks;
    this.#reading = new SingleFlight(clocks);
    this.#at = at;
    this.#emit = emit;
  }

  get known(): Metadata | undefined {
    return this.#known;
  }

  /**
   * Reads the metadata again. Concurrent callers share one request.
   *
   * @throws {IssuerError}
   */
  read(): Promise<Metadata> {
    return this.#reading.join(() => this.#read());
  }

  /**
   * Reads the metadata unless it is known. A failure is repeated to every call within `failureCooldown`.
   *
   * @throws {IssuerError}
   */
  async once(): Promise<Metadata> {
    if (this.#known !== undefined) return this.#known;
    const failed = this.#failed;
    if (failed !== undefined && since(failed.at, this.#clocks) < failureCooldown) throw failed.error;
    return await this.read();
  }

  async #read(): Promise<Metadata> {
    // §4.1: a terminating slash is removed before the well-known path is appended.
    const address = new URL(`${this.#at.replace(/\/$/, "")}/.well-known/openid-configuration`);
    try {
      this.#known = readMetadata(await requestJson(this.#requests, address), this.#issuer, this.#at);
    } catch (error) {
      this.#failed = { at: momentOf(this.#clocks), error };
      if (error instanceof IssuerMismatch) this.#mismatched(error);
      throw error;
    }
    this.#reportedMismatch = undefined;
    return this.#known;
  }

  /** Every retry fails in the same way, so the event is sent once for each name. */
  #mismatched({ named, message }: IssuerMismatch): void {
    if (named === this.#reportedMismatch) return;
    this.#reportedMismatch = named;
    this.#emit({ name: "issuer.mismatch", named, reason: message });
  }
}

/** The metadata names another issuer than the configured one. */
export class IssuerMismatch extends IssuerError {
  readonly named: string;

  constructor(at: string, named: string, configured: string) {
    // The address shows the configured issuer as well, unless `discoverAt` replaces it.
    const option = at === configured ? "" : `, and the option issuer is ${printable(configured)}`;
    super(`discovery: the issuer at ${printable(at)} calls itself ${named}${option}: set issuer: "${named}"`);
    this.named = named;
  }
}

/** An issuer's name without a closing slash. Both names have one well-known address (§4.1), so one document. */
function withoutSlash(issuer: string): string {
  return issuer.replace(/\/$/, "");
}

/**
 * Validates a metadata document. It must name the configured issuer (§4.3), with or without a closing slash.
 * Its addresses must be as safe as the issuer's: https, or http for an http issuer. The feed must have the
 * origin of the document, because the guard sends its key there.
 *
 * @throws {IssuerError}
 */
export function readMetadata(document: unknown, issuer: string, at: string = issuer): Metadata {
  if (typeof document !== "object" || document === null)
    throw new IssuerError("discovery: the document is not an object");
  const members = membersOf(document);
  const named = members["issuer"];
  if (typeof named !== "string") throw new IssuerError("discovery: issuer is missing");
  if (withoutSlash(named) !== withoutSlash(issuer)) throw new IssuerMismatch(at, printable(named), issuer);
  const feed = members["latchkey_revocations_endpoint"];
  const metadata = {
    issuer: named,
    keySet: addressIn("jwks_uri", members["jwks_uri"], issuer),
    feed: feed === undefined ? undefined : addressIn("latchkey_revocations_endpoint", feed, at),
    isAuthorizationServer: ["authorization_endpoint", "token_endpoint"].every(
      (endpoint) => typeof members[endpoint] === "string",
    ),
  };
  if (metadata.feed !== undefined && metadata.feed.origin !== new URL(at).origin) {
    throw new IssuerError("discovery: latchkey_revocations_endpoint has another origin than the issuer");
  }
  return metadata;
}

function addressIn(name: string, value: unknown, issuer: string): URL {
  if (typeof value !== "string" || !URL.canParse(value))
    throw new IssuerError(`discovery: ${name} is missing or not a URL`);
  const address = new URL(value);
  const safe = address.protocol === "https:" || address.protocol === new URL(issuer).protocol;
  if (!safe || !/^https?:$/.test(address.protocol) || address.username !== "" || address.password !== "") {
    throw new IssuerError(`discovery: ${name} is not safe to follow`);
  }
  return address;
}
