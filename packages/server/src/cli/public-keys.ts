import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { isObject } from "@latchkey/guard/own-members";
import type { ClientKey } from "../core/oauth/client-document.ts";
import { PrivateKeys, publicKeysOf, RefusedKeys } from "../core/oauth/public-keys.ts";
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
  try {
    return publicKeysOf(text.trimStart().startsWith("{") ? jwksIn(path, text) : [pemIn(path, text)]);
  } catch (error) {
    if (error instanceof PrivateKeys) throw privateKey(path);
    throw error instanceof RefusedKeys ? new CommandProblem(`${path}: ${error.message}`) : error;
  }
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
  try {
    return { ...createPublicKey(text).export({ format: "jwk" }) };
  } catch {
    throw unreadable(path);
  }
}

function jwksIn(path: string, text: string): unknown[] {
  const read: unknown = parsed(path, text);
  return isObject(read) && Array.isArray(read["keys"]) ? read["keys"] : [read];
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(path);
  }
}

function unreadable(path: string): CommandProblem {
  return new CommandProblem(`${path}: expected a public key in PEM, a JWK or a JWK set`);
}

function privateKey(path: string): CommandProblem {
  return new CommandProblem(
    `${path}: it holds a private key, which stays with the client: \`openssl pkey -in FILE -pubout\` prints the public one`,
  );
}
