import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { isLoopback } from "../core/addresses.ts";
import { LatchkeyError } from "../core/errors.ts";
import { bearerOf } from "./caller.ts";
import { isOwnHost } from "./hosts.ts";

/** Who is let in besides people: by one of these keys. */
export interface KeyHolders {
  readonly keys: readonly string[];
  /** Whether server and issuer are at a loopback address. */
  readonly local: boolean;
  /** What everybody else is told. */
  readonly code: "invalid_guard_key" | "invalid_metrics_key";
}

/**
 * Admits requests with one of the keys. If the server and its issuer are at a loopback address, it also admits
 * requests without a key that come straight from a program on this machine.
 *
 * The function it returns throws {LatchkeyError} with the holders' `code`.
 */
export function createKeyCheck({ keys, local, code }: KeyHolders): (request: FastifyRequest) => void {
  // Hashes have one length and tell nothing of a key by the time that comparing them takes.
  const known = keys.map(hashOf);
  return (request) => {
    const key = bearerOf(request);
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

/** What proxies add to a request. */
const forwarding = /^(x-forwarded-|x-original-|forwarded$|via$|x-real-ip$|x-client-ip$|true-client-ip$|cf-)/;
/** What browsers add to the request of a page, which may be a foreign one. */
const fromPages = ["origin", "sec-fetch-site"];

/**
 * Whether a request came straight from a program on this machine. A proxy on this machine connects from here as well:
 * what it adds gives it away, or the `Host` that it passes on, or HTTP/1.0, which nginx speaks unless told otherwise.
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
