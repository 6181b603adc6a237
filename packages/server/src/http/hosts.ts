import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { LatchkeyError } from "../core/errors.ts";
import { isLoopback } from "../core/throttle/addresses.ts";
import type { LogSink } from "./error-answers.ts";

/** The names of the server. */
export interface HostOptions {
  /** The public address. */
  readonly issuer: string;
  /** The address that the server listens on. */
  readonly host: string;
  /** Further accepted names. */
  readonly allowedHosts: readonly string[];
  readonly log: LogSink;
}

type Head = Pick<IncomingMessage, "headers" | "rawHeaders" | "httpVersion">;

/**
 * Refuses requests with a foreign name in `Host`, on every route and before any work. This stops DNS rebinding: a foreign
 * page can make its own name resolve to this machine, but its requests carry that name.
 *
 * An IP address is accepted, because it cannot be rebound and health checks use it. A missing `Host` of HTTP/1.0 is
 * accepted too, because no browser sends it. A public server behind a public issuer checks only with `allowedHosts`: its
 * proxy chooses the `Host`.
 */
export function hostCheck({ issuer, host, allowedHosts, log }: HostOptions) {
  const { hostname } = new URL(issuer);
  const names = new Set(["localhost", nameOf(hostname), ...allowedHosts.map(nameOf)]);
  const checked = isLoopback(host) || isLoopback(hostname) || allowedHosts.length > 0;
  let warned = false;
  /** The last accepted name: nearly every request carries the same one. */
  let accepted = "";

  /** Warns once per process: the caller may be a container that uses a service name, which an operator can allow. */
  function warn(): void {
    if (warned) return;
    warned = true;
    log.warn(
      {},
      "a request with a foreign name in Host was refused with 421: if the caller is yours, add that name to LATCHKEY_ALLOWED_HOSTS",
    );
  }

  return ({ headers, rawHeaders, httpVersion }: Head): LatchkeyError | undefined => {
    const sent = hostFields(rawHeaders);
    // RFC 9112 §3.2: HTTP/1.1 requires exactly one.
    if (sent > 1 || (sent === 0 && httpVersion === "1.1")) {
      return new LatchkeyError("bad_request", { reason: `${sent} Host fields` });
    }
    const { host: given } = headers;
    if (!checked || given === undefined || given === "" || given === accepted) return undefined;
    const name = nameOf(given);
    if (name !== undefined && (isIP(name) !== 0 || names.has(name))) {
      accepted = given;
      return undefined;
    }
    warn();
    return new LatchkeyError("misdirected_request");
  };
}

/** Whether a `Host` is a loopback name or address. */
export function isOwnHost(host: string | undefined): boolean {
  const name = nameOf(host ?? "") ?? "";
  return name === "localhost" || (isIP(name) !== 0 && isLoopback(name));
}

/**
 * Whether a browser has dialled another loopback name than the issuer's, at the issuer's port. To a browser that is
 * another origin, of the same server.
 *
 * With another port or with TLS, a proxy may have replaced the `Host`. A redirect to the issuer would then loop.
 */
export function isOtherLoopbackName(host: string | undefined, issuer: URL): boolean {
  if (issuer.protocol !== "http:" || !isLoopback(issuer.hostname) || !isOwnHost(host)) return false;
  const dialled = URL.parse(`http://${host}`);
  return dialled !== null && dialled.port === issuer.port && dialled.hostname !== issuer.hostname;
}

/** The name in a `Host`, in lower case, without port, brackets and final dot. Undefined if it is malformed. */
function nameOf(host: string): string | undefined {
  const [, address, name] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d{0,5})?$/i.exec(host) ?? [];
  return (address ?? name)?.toLowerCase().replace(/\.$/, "");
}

function hostFields(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === "host") count++;
  }
  return count;
}
