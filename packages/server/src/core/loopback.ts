import ipaddr from "ipaddr.js";

/**
 * Whether a host is this machine and nothing else: what listens there can be reached from here alone.
 *
 * @param given a name or an address; an IPv6 address with or without the brackets that it has in a URL
 */
export function isLoopback(given: string): boolean {
  const host = given.replace(/^\[(.*)\]$/, "$1");
  if (host === "localhost") return true;
  return ipaddr.isValid(host) && ipaddr.process(host).range() === "loopback";
}
