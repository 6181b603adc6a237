import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** The header in which proxies name the address that a request came from. */
export type ForwardedHeader = "x-forwarded-for" | "forwarded";

/**
 * The addresses in a header, from the right: each proxy adds one at the end. An entry that holds no IP address is
 * undefined.
 *
 * The left part of a header is what a client sent, so it is read last and cannot spoil what stands right of it. That
 * is why `Forwarded` is not parsed from its start: a quote that a client leaves open would swallow all that follows.
 */
export function* hopsFromRight(header: ForwardedHeader, value: string): Generator<string | undefined> {
  const nodeOf = header === "forwarded" ? forOf : unquoted;
  for (const entry of entriesFromRight(value)) yield addressIn(nodeOf(entry.trim()));
}

/** One spelling of an IP address: IPv4 written as IPv6 is the IPv4 address, a zone is left out. */
export function canonicalAddress(text: string): string | undefined {
  const [address = ""] = text.split("%", 1);
  return isIP(address) === 0 ? undefined : ipaddr.process(address).toString();
}

/** Splits at commas that are not within a quoted string. */
function* entriesFromRight(value: string): Generator<string> {
  let end = value.length;
  let quoted = false;
  for (let at = end - 1; at >= 0; at--) {
    if (value[at] === '"' && !(quoted && isEscaped(value, at))) quoted = !quoted;
    if (value[at] === "," && !quoted) {
      yield value.slice(at + 1, end);
      end = at;
    }
  }
  yield value.slice(0, end);
}

function isEscaped(value: string, at: number): boolean {
  let before = at;
  while (value[before - 1] === "\\") before--;
  return (at - before) % 2 === 1;
}

/** The value of `for` in an element of `Forwarded` (RFC 7239 §4); undefined if there is not exactly one. */
function forOf(element: string): string | undefined {
  const pair = /\s*([!#$%&'*+.^_`|~\w-]+)=("(?:[^"\\]|\\.)*"|[^\s";,]*)\s*(?:;|$)/y;
  let found: string | undefined;
  while (pair.lastIndex < element.length) {
    const [, name, value = ""] = pair.exec(element) ?? [];
    if (name === undefined) return undefined;
    if (name.toLowerCase() !== "for") continue;
    if (found !== undefined) return undefined;
    found = unquoted(value);
  }
  return found;
}

function unquoted(text: string): string {
  const [, quoted] = /^"(.*)"$/s.exec(text) ?? [];
  return quoted?.replaceAll(/\\(.)/gs, "$1") ?? text;
}

/** The address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`. */
function addressIn(node = ""): string | undefined {
  const [, v6, v4] = /^(?:\[([^[\]]+)\]|([\d.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/.exec(node) ?? [];
  return canonicalAddress(v6 ?? v4 ?? node);
}
