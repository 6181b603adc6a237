import { parseJson } from "./own-members.ts";
import { nodeModules } from "./platform.ts";
import { TokenError } from "./token-error.ts";

/** A signed token taken apart (RFC 7515 §3.1), each part in base64url. */
export interface TokenParts {
  readonly header: string;
  readonly claims: string;
  readonly signature: string;
  /** What was signed: header and claims as they were sent, with the full stop between them. */
  readonly signed: string;
}

/** @param token that was found to be well formed */
export function partsOf(token: string): TokenParts {
  const first = token.indexOf(".");
  const last = token.lastIndexOf(".");
  return {
    header: token.slice(0, first),
    claims: token.slice(first + 1, last),
    signature: token.slice(last + 1),
    signed: token.slice(0, last),
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The object in a part, without a prototype: a member of `Object.prototype` must not become a claim of a token.
 *
 * @throws {TokenError} `invalid_token` when a part is not a JSON object in UTF-8
 */
export function objectIn(part: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(utf8.decode(bytesOf(part)));
  } catch {
    // What the parser says quotes the token, so it is not kept.
  }
  if (isObject(value)) return value;
  throw new TokenError("invalid_token", "a part that is no JSON object");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The bytes of a part (RFC 7515 §2).
 *
 * @throws {TokenError} `invalid_token` where so many characters are no bytes
 */
export function bytesOf(part: string): Uint8Array<ArrayBuffer> {
  if (part.length % 4 === 1) throw new TokenError("invalid_token", "malformed");
  return nodeModules === undefined ? decode(part) : nodeModules.buffer.Buffer.from(part, "base64url");
}

/** As every platform of the web can. */
export function decode(part: string): Uint8Array<ArrayBuffer> {
  const text = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
