import { type Clocks, type Moment, momentOf, since } from "../support/clocks.ts";
import { membersOf } from "../support/own-members.ts";
import { SingleFlight } from "../support/single-flight.ts";
import type { Emit } from "./guard-events.ts";
import { IssuerError, type Requests, requestJson } from "./issuer-request.ts";

/** What an issuer says of itself, as far as a guard needs it. */
export interface Metadata {
  /** Its name, the exact `iss` of its tokens: as configured, but for a closing slash. */
  readonly issuer: string;
  /** `jwks_uri`. */
  readonly keySet: URL;
  /** `latchkey_revocations_endpoint`; undefined where the issuer has no feed of ended sessions. */
  readonly feed: URL | undefined;
  /** Whether OAuth clients can get a token there: it has both endpoints of RFC 8414 §2. */
  readonly isAuthorizationServer: boolean;
}

/** How soon `once` asks again after a failure, in milliseconds: a stranger's requests must cost the issuer nothing. */
export const failureCooldown = 5_000;

/** Finds an issuer's metadata (OpenID Connect Discovery 1.0 §4) and keeps the last that was read. */
export class Discovery {
  readonly #requests: Requests;
  readonly #issuer: string;
  readonly #clocks: Clocks;
  readonly #at: string;
  readonly #emit: Emit;
  #toldMismatch: string | undefined;
  #known: Metadata | undefined;
  #failed: { readonly at: Moment; readonly error: unknown } | undefined;
  readonly #reading: SingleFlight<Metadata>;

  /** @param at below which address it is read, if not below the issuer's own */
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
   * Reads it again; whoever asks meanwhile gets the same answer.
   *
   * @throws {IssuerError}
   */
  read(): Promise<Metadata> {
    return this.#reading.join(() => this.#read());
  }

  /**
   * Reads it, unless it is known. A failure answers every further call within `failureCooldown`.
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
    this.#toldMismatch = undefined;
    return this.#known;
  }

  /** Each try fails in the same way, so it is told once. */
  #mismatched({ named, message }: IssuerMismatch): void {
    if (named === this.#toldMismatch) return;
    this.#toldMismatch = named;
    this.#emit({ name: "issuer.mismatch", named, reason: message });
  }
}

/** The issuer calls itself by another name than the one that was configured. */
export class IssuerMismatch extends IssuerError {
  readonly named: string;

  constructor(at: string, named: string) {
    super(`discovery: the issuer at ${printable(at)} says it is ${named}: write issuer: "${named}"`);
    this.named = named;
  }
}

/** Text of a document or an option, for a log. */
function printable(text: string): string {
  return text.replaceAll(/[^\x21\x23-\x7e]/g, "?").slice(0, 200);
}

/** An issuer's name without a closing slash: both names have one well-known address (§4.1), and so one document. */
function withoutSlash(issuer: string): string {
  return issuer.replace(/\/$/, "");
}

/**
 * Checks what discovery answered: it speaks for this very issuer (§4.3), with or without a closing slash, and
 * nothing in it leads to a connection that is less safe than the issuer's own. The feed is where the document was
 * read, at the same origin, because the guard shows it a secret.
 *
 * @throws {IssuerError}
 */
export function readMetadata(document: unknown, issuer: string, at: string = issuer): Metadata {
  if (typeof document !== "object" || document === null) throw new IssuerError("discovery: no object");
  const members = membersOf(document);
  const named = members["issuer"];
  if (typeof named !== "string") throw new IssuerError("discovery: it names no issuer");
  if (withoutSlash(named) !== withoutSlash(issuer)) throw new IssuerMismatch(at, printable(named));
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
    throw new IssuerError("discovery: latchkey_revocations_endpoint is not at the issuer");
  }
  return metadata;
}

function addressIn(name: string, value: unknown, issuer: string): URL {
  if (typeof value !== "string" || !URL.canParse(value)) throw new IssuerError(`discovery: no ${name}`);
  const address = new URL(value);
  const safe = address.protocol === "https:" || address.protocol === new URL(issuer).protocol;
  if (!safe || !/^https?:$/.test(address.protocol) || address.username !== "" || address.password !== "") {
    throw new IssuerError(`discovery: ${name} is not safe to follow`);
  }
  return address;
}
