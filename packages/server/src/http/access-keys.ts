import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { LatchkeyError } from "../core/errors.ts";
import { isLoopback } from "../core/throttle/addresses.ts";
import { bearerOf } from "./caller.ts";
import { isOwnHost } from "./hosts.ts";

/** Keys for programs: for guards or for monitoring. */
export interface AccessKeys {
  readonly keys: readonly string[];
  /** Whether server and issuer are at a loopback address: then programs on this machine need no key. */
  readonly local: boolean;
}

/**
 * Creates a hook that admits requests with one of the keys. It throws {LatchkeyError} with `code` for all others.
 *
 * @param keyOf reads the key of a request. Default: its bearer token
 */
export function keyCheck(
  code: "invalid_guard_key" | "invalid_metrics_key",
  { keys, local }: AccessKeys,
  keyOf: (request: FastifyRequest) => string | undefined = bearerOf,
): (request: FastifyRequest) => Promise<void> {
  // Hashes have the same length, and the time that a comparison takes reveals nothing about a key.
  const known = keys.map(hashOf);
  return async (request) => {
    const key = keyOf(request);
    if (key === undefined || known.length === 0) {
      if (local && isOwn(request)) return;
      throw new LatchkeyError(code, { reason: "no key" });
    }
    const given = hashOf(key);
    if (known.filter((one) => timingSafeEqual(one, given)).length === 0) {
      throw new LatchkeyError(code, { reason: "unknown key" });
    }
  };
}

/** Headers that proxies add. */
const forwarding = /^(x-forwarded-|x-original-|forwarded$|via$|x-real-ip$|x-client-ip$|true-client-ip$|cf-)/;
/** Headers that browsers add to requests of a page. The page may be a foreign one. */
const fromPages = ["origin", "sec-fetch-site"];

/**
 * Whether a request came directly from a program on this machine. A proxy on this machine connects from here too. It is
 * recognised by the headers that it adds, by the `Host` that it passes on, or by HTTP/1.0, nginx's default.
 */
function isOwn({ raw: { httpVersion, socket, headers } }: FastifyRequest): boolean {
  if (httpVersion !== "1.1" || !isLoopback(socket.remoteAddress ?? "") || !isOwnHost(headers.host))
    return false;
  if (fromPages.some((name) => name in headers)) return false;
  return !Object.keys(headers).some((name) => forwarding.test(name));
}

function hashOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
