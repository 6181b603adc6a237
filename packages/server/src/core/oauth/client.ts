import type { Caller } from "../audit-events.ts";

/** The grant types of the token endpoint (RFC 6749 §1.3). */
export const grantTypes = ["authorization_code", "refresh_token", "client_credentials"] as const;

export type GrantType = (typeof grantTypes)[number];

/** One way in which a client proves at the token endpoint that it is itself. */
export type ClientCredential =
  /** It proves nothing: PKCE alone protects its codes. */
  | { readonly kind: "none" }
  /** SHA-256 in base64url of a secret of 256 random bits. */
  | { readonly kind: "secret"; readonly hash: string }
  /** Assertions signed with a key of this set (RFC 7523 §2.2). */
  | { readonly kind: "keys"; readonly keys: readonly Readonly<Record<string, unknown>>[] }
  /** Assertions signed with a key of the set at this address. */
  | { readonly kind: "key_address"; readonly url: string };

/** The voucher for the name of a client: the operator, the host of its document, or nobody. */
export type Voucher =
  | { readonly by: "operator" }
  | { readonly by: "document"; readonly host: string }
  | { readonly by: "nobody" };

/** The longest client id, in characters: it is part of URLs, rows and tokens. */
export const longestClientId = 1_500;

/** An OAuth client (RFC 6749 §1.1): a program that a person allows to act for them, or a machine. */
export interface Client {
  readonly id: string;
  /** Its own claim, unless the operator vouches for it. */
  readonly name: string;
  readonly redirectUris: readonly string[];
  /** Any one of them is enough. A credential that is sent must be right. */
  readonly credentials: readonly [ClientCredential, ...ClientCredential[]];
  readonly grantTypes: readonly GrantType[];
  readonly voucher: Voucher;
}

/** Finds clients, wherever they are described. */
export interface Clients {
  /**
   * Finds a client by its id.
   *
   * @throws {LatchkeyError} `unknown_client` if it is unknown, malformed or blocked; `client_document_unavailable`,
   * `rate_limited`, `overloaded` if its document cannot be read now
   */
  byId(id: string, caller: Caller): Promise<Client>;
}
