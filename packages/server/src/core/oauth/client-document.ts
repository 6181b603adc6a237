import { isObject, own } from "@latchkey/guard/own-members";
import type { Caller } from "../audit-events.ts";
import type { Client, ClientCredential } from "./client.ts";
import { shownName } from "./client-name.ts";
import { isAcceptable } from "./redirect-uris.ts";

/** Clients that a document describes. Their id is the URL of the document (Client ID Metadata Document). */
export interface ClientDocuments {
  /**
   * The client of a document.
   *
   * @throws {LatchkeyError} `unknown_client` if the id or the document is refused; `client_document_unavailable`,
   * `rate_limited` or `overloaded` if it cannot be read now and no copy is left
   */
  byId(id: string, caller: Caller): Promise<Client>;
}

/** Public keys of clients, at the addresses that their documents name. */
export interface ClientKeySets {
  /**
   * The keys at an address, as JWKs.
   *
   * @param known whether the keys are enough. If not, they are read again, at most once a minute
   * @throws {LatchkeyError} `client_document_unavailable`, `rate_limited` or `overloaded` if they cannot be read now
   */
  at(
    address: string,
    caller: Caller,
    known?: (keys: readonly ClientKey[]) => boolean,
  ): Promise<readonly ClientKey[]>;
}

/** A public key as a JWK (RFC 7517). */
export type ClientKey = Readonly<Record<string, unknown>>;

/** A copy of a document. Times are in milliseconds. */
export interface ClientDocumentCopy {
  readonly id: string;
  /** The JSON text as the host sent it. */
  readonly document: string;
  readonly fetchedAt: number;
  readonly freshUntil: number;
}

/** The table of copies, which the replicas share. */
export interface ClientDocumentCopies {
  byId(id: string): Promise<ClientDocumentCopy | undefined>;
  /** Adds a copy or replaces it. A new copy is dropped while the table is full. */
  put(copy: ClientDocumentCopy): Promise<void>;
  remove(id: string): Promise<void>;
}

/** The longest id that is the URL of a document, in characters. */
const maxId = 512;

/**
 * Whether a client id may be the URL of a document: https on port 443, with a path, and without user, fragment or dot
 * segments. The URL parser must leave it as it is, so that one document has one id.
 */
export function isDocumentId(id: string): boolean {
  return isDocumentUrl(id) && URL.parse(id)?.pathname !== "/";
}

/** Whether a document, or the keys of a client, may be read at a URL. */
export function isDocumentUrl(text: string): boolean {
  const url = text.length > maxId ? null : URL.parse(text);
  if (url?.href !== text || url.protocol !== "https:") return false;
  return url.port === "" && url.username === "" && url.password === "" && !text.includes("#");
}

/** The reason why a document is refused, for the log. */
export class RefusedDocument extends Error {}

/**
 * Reads the client of a document. Members and grant types that are not known here are ignored.
 *
 * @param id the URL that it was read from
 * @throws {RefusedDocument} with the reason
 */
export function readClientDocument(id: string, document: unknown): Client {
  if (!isObject(document)) throw new RefusedDocument("it is not a JSON object");
  if (own(document, "client_id") !== id) throw new RefusedDocument("its client_id is not its own URL");
  if (holdsSecret(document)) throw new RefusedDocument("it holds a secret");
  const name = shownName(own(document, "client_name"));
  if (name === undefined) throw new RefusedDocument("it has no client_name");
  const redirectUris = textsOf(own(document, "redirect_uris")).filter(isAcceptable);
  if (redirectUris.length === 0) throw new RefusedDocument("it has no redirect URI that is allowed");
  return {
    id,
    name,
    redirectUris,
    credentials: credentialsOf(document),
    grantTypes: ["authorization_code", "refresh_token"],
    voucher: { by: "document", host: new URL(id).hostname },
  };
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Everyone can read a document, so a secret or a private key in it proves nothing. */
function holdsSecret(document: unknown): boolean {
  if (own(document, "client_secret") !== undefined || own(document, "client_secret_expires_at") !== undefined)
    return true;
  return keysOf(own(document, "jwks")).some(isPrivateKey);
}

/** The members of private and shared keys (RFC 7518 §6). */
const privateMembers = ["d", "k", "p", "q", "dp", "dq", "qi", "oth"];

/** Whether a JWK has a part that only its owner may know. */
export function isPrivateKey(key: ClientKey): boolean {
  return privateMembers.some((member) => own(key, member) !== undefined);
}

/** The keys of a JWK set. Anything else has none. */
export function keysOf(set: unknown): ClientKey[] {
  const keys = own(set, "keys");
  return Array.isArray(keys) ? keys.filter(isObject) : [];
}

/** The methods of the document that are known here: the one it prefers, and those that it can use as well. */
function credentialsOf(document: unknown): Client["credentials"] {
  const preferred = own(document, "token_endpoint_auth_method");
  const methods = textsOf([preferred, ...textsOf(own(document, "token_endpoint_auth_methods_supported"))]);
  const credentials: ClientCredential[] = [];
  if (methods.length === 0 || methods.includes("none")) credentials.push({ kind: "none" });
  if (methods.includes("private_key_jwt")) credentials.push(...keyCredentials(document));
  const [first, ...others] = credentials;
  if (first === undefined) throw new RefusedDocument("it offers no way to authenticate that is known here");
  return [first, ...others];
}

function keyCredentials(document: unknown): ClientCredential[] {
  const address = own(document, "jwks_uri");
  if (typeof address === "string" && isDocumentUrl(address)) return [{ kind: "key_address", url: address }];
  const keys = keysOf(own(document, "jwks"));
  return keys.length === 0 ? [] : [{ kind: "keys", keys }];
}
