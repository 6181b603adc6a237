import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { isObject } from "@latchkey/guard/own-members";
import { isCheap } from "../core/oauth/assertion-signature.ts";
import type { ClientKey } from "../core/oauth/client-document.ts";
import { CommandProblem } from "./failures.ts";

/** The largest file of public keys, in bytes. A larger one is another file, named by mistake. */
const mostBytes = 65_536;

/**
 * Reads the public keys of a client from a file: a key in PEM, a JWK, or a JWK set.
 *
 * @throws {CommandProblem} with the path, the cause and the cure. It holds no text of the file, which may be a secret
 */
export function readPublicKeys(path: string): ClientKey[] {
  const text = textOf(path);
  if (/PRIVATE KEY/.test(text)) throw privateKey(path);
  const jwks = text.trimStart().startsWith("{") ? jwksIn(path, text) : [pemIn(path, text)];
  if (jwks.length === 0) throw new CommandProblem(`${path}: it holds no key`);
  return jwks.map((jwk) => assertUsable(path, jwk));
}

function textOf(path: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= mostBytes) return bytes.toString();
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    throw new CommandProblem(`${path}: it cannot be read (${code}): name a file with the public key`);
  }
  throw new CommandProblem(`${path}: it has more than 64 KiB, so it is not a public key`);
}

/** A key in PEM. Its id tells it from the client's next one only if the client names it, so it gets none. */
function pemIn(path: string, text: string): ClientKey {
  return { ...exported(path, () => createPublicKey(text)) };
}

function jwksIn(path: string, text: string): ClientKey[] {
  const read: unknown = parsed(path, text);
  const keys = isObject(read) && Array.isArray(read["keys"]) ? read["keys"] : [read];
  return keys.map((key: unknown) => {
    if (!isObject(key)) throw unreadable(path);
    if (key["d"] !== undefined || key["k"] !== undefined) throw privateKey(path);
    const { kid, alg } = key;
    return {
      ...exported(path, () => createPublicKey({ key: isJwk(key) ? key : {}, format: "jwk" })),
      ...(typeof kid === "string" && { kid }),
      ...(typeof alg === "string" && { alg }),
    };
  });
}

/** The members of a public key alone, whatever else the file holds. */
function exported(path: string, read: () => KeyObject): JsonWebKey {
  try {
    return read().export({ format: "jwk" });
  } catch {
    throw unreadable(path);
  }
}

function assertUsable(path: string, jwk: ClientKey): ClientKey {
  const { kty, crv, n } = jwk;
  const long = kty === "RSA" && typeof n === "string" && Buffer.from(n, "base64url").length >= 256;
  if ((long && isCheap(jwk)) || crv === "P-256" || crv === "Ed25519") return jwk;
  throw new CommandProblem(
    `${path}: assertions are signed with P-256, Ed25519, or RSA of 2048 to 4096 bits: make another key`,
  );
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(path);
  }
}

function isJwk(value: ClientKey): value is JsonWebKey & ClientKey {
  return typeof value["kty"] === "string";
}

function unreadable(path: string): CommandProblem {
  return new CommandProblem(`${path}: expected a public key in PEM, a JWK or a JWK set`);
}

function privateKey(path: string): CommandProblem {
  return new CommandProblem(
    `${path}: it holds a private key, which stays with the client: \`openssl pkey -in FILE -pubout\` prints the public one`,
  );
}
