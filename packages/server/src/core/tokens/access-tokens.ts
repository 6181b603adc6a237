import { randomUUID, sign } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { User } from "../people/users.ts";
import type { Session } from "../stories/sessions.ts";
import type { Signer } from "./signing-keys.ts";
import { userClaims } from "./token-size.ts";

export interface AccessTokenSettings {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Milliseconds. */
  readonly lifetime: number;
}

export interface AccessToken {
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** A machine, which gets tokens for itself. */
export interface Machine {
  readonly clientId: string;
  readonly roles: readonly string[];
  /** The `sid` of its tokens, by which they are revoked. */
  readonly sessionId: string;
}

/** The client id in the tokens of a person's own login. */
export const ownClientId = "latchkey";
/** The scope in them: to read the profile of the user. */
const scope = "openid profile email";

/**
 * Issues access tokens in the profile of RFC 9068 §2, signed with ES256 or RS256. It signs on the calling
 * thread: an ES256 signature takes less time than a hop to another thread.
 */
export class AccessTokens {
  readonly #settings: AccessTokenSettings;
  readonly #keys: { readonly signer: Signer };
  readonly #clock: Clock;
  #header = { kid: "", encoded: "" };

  constructor(settings: AccessTokenSettings, keys: { readonly signer: Signer }, clock: Clock) {
    this.#settings = settings;
    this.#keys = keys;
    this.#clock = clock;
  }

  /** How long a token is valid, in milliseconds. */
  get lifetime(): number {
    return this.#settings.lifetime;
  }

  /**
   * When a token that is issued now expires: after its lifetime, but never later than its session.
   *
   * @param sessionEnd milliseconds since the epoch
   * @returns milliseconds since the epoch, on a whole second
   */
  expiry(sessionEnd: number): number {
    return wholeSeconds(Math.min(this.#clock() + this.#settings.lifetime, sessionEnd)) * 1000;
  }

  /**
   * Issues a token of a session. The token of a client is for the client's resource alone, with the client's scope.
   *
   * @param expiresAt milliseconds since the epoch, on a whole second
   * @param granted a narrower scope than the client's. Default: the client's
   */
  issue(
    user: Omit<User, "active">,
    { id: sessionId, client }: Pick<Session, "id" | "client">,
    expiresAt: number,
    granted = client === null ? scope : client.scope,
  ): AccessToken {
    const { audience } = this.#settings;
    return this.#signed(
      {
        ...userClaims(user),
        aud: client?.resource ?? (audience.length === 1 ? audience[0] : audience),
        client_id: client?.id ?? ownClientId,
        sid: sessionId,
        scope: granted,
      },
      expiresAt,
    );
  }

  /**
   * Issues a token of a machine, which acts for itself: its subject is its client id (RFC 9068 §2.2).
   *
   * @param granted separated by spaces; a token without scopes has no claim of that name
   */
  issueToMachine(
    { clientId, roles, sessionId }: Machine,
    resource: string,
    granted: string,
    expiresAt: number,
  ): AccessToken {
    const named = { sub: clientId, roles, aud: resource, client_id: clientId, sid: sessionId };
    return this.#signed({ ...named, ...(granted !== "" && { scope: granted }) }, expiresAt);
  }

  #signed(about: object, expiresAt: number): AccessToken {
    const { signer } = this.#keys;
    const issuedAt = wholeSeconds(this.#clock());
    const times = { iat: issuedAt, exp: expiresAt / 1000 };
    const claims = { iss: this.#settings.issuer, ...about, ...times, jti: randomUUID() };
    const signed = `${this.#headerOf(signer)}.${encode(claims)}`;
    const signature = sign("sha256", Buffer.from(signed), signer.privateKey);
    const encoded = signer.algorithm === "ES256" ? joined(signature) : signature;
    return {
      accessToken: `${signed}.${encoded.toString("base64url")}`,
      expiresIn: claims.exp - issuedAt,
    };
  }

  #headerOf({ kid, algorithm }: Signer): string {
    if (this.#header.kid !== kid)
      this.#header = { kid, encoded: encode({ alg: algorithm, typ: "at+jwt", kid }) };
    return this.#header.encoded;
  }
}

/**
 * The JWS form of an ECDSA signature (RFC 7518 §3.4): R and S, 32 bytes each. OpenSSL answers in DER, and
 * a conversion by Node doubles the time of a signature.
 */
function joined(der: Buffer): Buffer {
  const signature = Buffer.alloc(64);
  const lengthOfR = der.readUInt8(3);
  copyTo(der.subarray(4, 4 + lengthOfR), 32);
  copyTo(der.subarray(6 + lengthOfR), 64);
  return signature;

  /** DER integers drop leading zeros and add one if the first bit is set. */
  function copyTo(integer: Buffer, end: number): void {
    const bytes = integer.subarray(Math.max(0, integer.length - 32));
    bytes.copy(signature, end - bytes.length);
  }
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
