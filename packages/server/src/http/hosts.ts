import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { isLoopback } from "../core/addresses.ts";
import { LatchkeyError } from "../core/errors.ts";
import type { LogSink } from "./http-log.ts";

export interface HostOptions {
  /** The public address. */
  readonly issuer: string;
  /** Where the server listens. */
  readonly host: string;
  /** More names that it answers to. */
  readonly allowedHosts: readonly string[];
  readonly log: LogSink;
}

type Head = Pick<IncomingMessage, "headers" | "rawHeaders" | "httpVersion">;

/**
 * Refuses requests whose `Host` is not a name of this server, for every route and before any work. This stops DNS
 * rebinding: a foreign page whose own name resolves to this machine sends that name as `Host`.
 *
 * An IP address as `Host` is accepted, because it cannot be rebound and health checks use it. So is a missing `Host`
 * of HTTP/1.0, which no browser sends. A server with a public issuer that listens on a public address is checked
 * only if `allowedHosts` are given: its proxy chooses what it sends.
 */
export function hostCheck({ issuer, host, allowedHosts, log }: HostOptions) {
  const { hostname } = new URL(issuer);
  const names = new Set(["localhost", nameOf(hostname), ...allowedHosts.map(nameOf)]);
  const checked = isLoopback(host) || isLoopback(hostname) || allowedHosts.length > 0;
  let warned = false;

  /** Once in a process: a container that calls this one by its service name is an operator's to allow. */
  function warn(): void {
    if (warned) return;
    warned = true;
    log.warn(
      {},
      "a request with a Host that is not a name of this server got 421, and others like it will: if the caller is yours, add the name that it uses to LATCHKEY_ALLOWED_HOSTS",
    );
  }

  return ({ headers, rawHeaders, httpVersion }: Head): LatchkeyError | undefined => {
    const sent = hostFields(rawHeaders);
    // RFC 9112 §3.2: exactly one in HTTP/1.1.
    if (sent > 1 || (sent === 0 && httpVersion === "1.1")) {
      return new LatchkeyError("bad_request", { reason: `${sent} Host fields` });
    }
    if (!checked || headers.host === undefined || headers.host === "") return undefined;
    const name = nameOf(headers.host);
    if (name !== undefined && (isIP(name) !== 0 || names.has(name))) return undefined;
    warn();
    return new LatchkeyError("misdirected_request");
  };
}

/** Whether a `Host` names this machine and no other. */
export function isOwnHost(host: string | undefined): boolean {
  const name = nameOf(host ?? "") ?? "";
  return name === "localhost" || (isIP(name) !== 0 && isLoopback(name));
}

/** The name in a `Host`: no port, no brackets, no final dot, in lower case. Undefined if the text is malformed. */
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
