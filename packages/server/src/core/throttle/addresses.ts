import ipaddr from "ipaddr.js";

/**
 * The part of an IP address that one party controls: the whole of an IPv4 address, the /64 of an IPv6
 * address. IPv4 written as IPv6 (`::ffff:192.0.2.1`) is the IPv4 address. Anything else is returned as is.
 */
export function addressBucket(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  return networkOf(parsed.toString(), 64);
}

/**
 * The part of an IP address that one customer of a provider controls: the whole of an IPv4 address, the /48 of
 * an IPv6 address (RFC 6177 §2).
 *
 * @param bucket as `addressBucket` returns it
 */
export function networkOfBucket(bucket: string): string {
  const isIpv6 = bucket.endsWith("/64") && ipaddr.isValidCIDR(bucket);
  return isIpv6 ? networkOf(bucket.slice(0, -3), 48) : bucket;
}

function networkOf(address: string, bits: number): string {
  const [withoutZone] = address.split("%", 1);
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${withoutZone}/${bits}`);
  return `${network.toString()}/${bits}`;
}

/**
 * Whether a host is a loopback name or address: its servers can be reached from this machine alone.
 *
 * @param given a name or an address; an IPv6 address with or without the brackets that it has in a URL
 */
export function isLoopback(given: string): boolean {
  const host = given.replace(/^\[(.*)\]$/, "$1");
  if (host === "localhost") return true;
  return ipaddr.isValid(host) && ipaddr.process(host).range() === "loopback";
}
