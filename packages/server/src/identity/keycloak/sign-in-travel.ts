import { createHash, createHmac, randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { seal, unsealWithAny } from "../../core/tokens/key-sealing.ts";

/** A person has this long to sign in at the realm, in milliseconds: time for a new password or a second factor. */
export const signInTimeout = 30 * 60_000;

/** Keycloak drops a longer `state` without a word. In characters. */
const maxState = 4_000;

/** More than any query that fits into a state. In bytes. */
const maxQuery = 16_384;

/** Sign-ins that one browser can have under way. The cookie of each one has about 90 bytes in every request. */
const mostUnderWay = 16;

/** A sign-in under way at the realm. */
export interface Travel {
  /** The query of the authorization request. */
  readonly query: string;
  readonly state: string;
  readonly cookie: { readonly name: string; readonly value: string };
  /** PKCE verifier for the realm's code. */
  readonly verifier: string;
  /** The `nonce` of the realm's ID token. */
  readonly nonce: string;
  /** Latchkey's own code. The same answer of the realm always leads to this one. */
  readonly code: string;
}

/**
 * Carries sign-ins through the browser, so that any replica can receive the realm's answer. The authorization request
 * is sealed in `state`. The seal opens only together with the cookie, which stays in the browser that began the
 * sign-in. Verifier, nonce and code are keyed hashes of the cookie's value, so the realm's code is of no use without it.
 */
export class SignInTravel {
  readonly #keys: readonly [Buffer, ...Buffer[]];
  readonly #prefix: string;

  /**
   * @param secure whether the browser reaches Latchkey by https: then no other host can set the cookie
   * @param keys the first one seals, all open
   */
  constructor(secure: boolean, keys: readonly [Buffer, ...Buffer[]]) {
    this.#keys = keys;
    this.#prefix = secure ? "__Host-latchkey-sign-in-" : "latchkey-sign-in-";
  }

  /** @returns undefined if the request is too long to travel. @param now milliseconds since the epoch */
  begin(query: string, now: number): Travel | undefined {
    const id = randomBytes(9).toString("base64url");
    const value = randomBytes(32).toString("base64url");
    const expiresAt = now + signInTimeout;
    const packed = deflateRawSync(JSON.stringify([expiresAt, query]));
    const state = `${id}.${urlSafe(seal(packed, contextOf(id, value), this.#keys[0]))}`;
    if (state.length > maxState) return undefined;
    return { query, state, cookie: { name: this.#prefix + id, value }, ...secretsOf(value) };
  }

  /**
   * Opens the state of an answer.
   *
   * @param cookies the field `Cookie`
   * @returns undefined if it is malformed, forged, expired, or another browser's
   */
  open(state: string, cookies: string | undefined, now: number): Travel | undefined {
    const name = this.cookieOf(state);
    const value = name === undefined ? undefined : cookieIn(cookies, name);
    if (name === undefined || value === undefined) return undefined;
    const [id = "", sealed = ""] = state.split(".");
    const packed = unsealWithAny(sealed, contextOf(id, value), this.#keys);
    if (packed === undefined) return undefined;
    const [expiresAt, query]: [number, string] = JSON.parse(
      inflateRawSync(packed, { maxOutputLength: maxQuery }).toString(),
    );
    if (expiresAt <= now) return undefined;
    return { query, state, cookie: { name, value }, ...secretsOf(value) };
  }

  /**
   * The names of the cookies that leave no room for one more. Browsers send the oldest first (RFC 6265 §5.4).
   *
   * @param cookies the field `Cookie`
   */
  surplus(cookies: string | undefined): readonly string[] {
    const names = pairsIn(cookies).map((pair) => pair.slice(0, pair.indexOf("=")));
    const ours = names.filter(
      (name) => name.startsWith(this.#prefix) && /^[\w-]{12}$/.test(name.slice(this.#prefix.length)),
    );
    return ours.slice(0, Math.max(0, ours.length - mostUnderWay + 1));
  }

  /** The name of the cookie that belongs to a state. Undefined if the state is malformed. */
  cookieOf(state: string): string | undefined {
    const id = state.length > maxState ? undefined : /^([\w-]{12})\.[\w-]+$/.exec(state)?.[1];
    return id === undefined ? undefined : this.#prefix + id;
  }
}

/** The text that a seal is bound to. */
function contextOf(id: string, cookie: string): string {
  return `sign-in ${id} ${createHash("sha256").update(cookie).digest("base64url")}`;
}

function secretsOf(cookie: string) {
  const of = (purpose: string) => createHmac("sha256", cookie).update(purpose).digest("base64url");
  return { verifier: of("verifier"), nonce: of("nonce"), code: `lka_${of("code")}` };
}

/** `seal` writes base64. Both alphabets are read. */
function urlSafe(base64: string): string {
  return Buffer.from(base64, "base64").toString("base64url");
}

/** The value of a cookie (RFC 6265 §4.2). Undefined if the browser sent none, or several of the name. */
function cookieIn(cookies: string | undefined, name: string): string | undefined {
  const found = pairsIn(cookies).filter((pair) => pair.startsWith(`${name}=`));
  return found.length === 1 ? found[0]?.slice(name.length + 1) : undefined;
}

/** Each `name=value` of the field `Cookie`. */
function pairsIn(cookies = ""): string[] {
  return cookies.split(";").map((pair) => pair.trim());
}
