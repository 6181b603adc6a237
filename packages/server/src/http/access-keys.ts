import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { LatchkeyError } from "../core/errors.ts";
import { isLoopback } from "../core/loopback.ts";
import { bearerOf } from "./caller.ts";

/** Who is let in besides people: by one of these keys. */
export interface KeyHolders {
  readonly keys: readonly string[];
  /** Whether server and issuer are at a loopback address. */
  readonly local: boolean;
  /** What everybody else is told. */
  readonly code: "invalid_guard_key" | "invalid_metrics_key";
}

/**
 * Lets machines in, and nobody else: who presents one of the keys, or, where the server and its public address are this
 * machine's alone, who asks from this machine. A proxy beside the server is on this machine too, and so is a browser,
 * so what was forwarded and what a page sent needs a key.
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

const forwarding = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];
/** What browsers add to the requests of pages, which may be anybody's. */
const fromPages = ["origin", "sec-fetch-site"];

function isOwn({ ip, headers }: FastifyRequest): boolean {
  const others = [...forwarding, ...fromPages];
  return isLoopback(ip) && isOwnHost(headers.host) && !others.some((name) => name in headers);
}

/**
 * Whether a request was meant for this machine. A page whose name was rebound to it sends its own name as
 * `Host`, and no `Origin` where the browser takes server and page for one.
 */
export function isOwnHost(sent: string | undefined): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(sent ?? "");
}

function hashOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
