import ipaddr from "ipaddr.js";

/** The part of IPv6 that is given out for the internet. Everything else is for special use. */
const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * Whether an IP address is on the internet. Loopback, private and link-local addresses are not, in none of their
 * spellings. IPv6 addresses that hold an IPv4 address are refused too (mapped, NAT64, 6to4, Teredo): they would reach
 * an inner address through a gateway.
 */
export function isPublicAddress(text: string): boolean {
  // A zone (`fe80::1%eth0`) names an interface of this machine.
  if (text.includes("%") || !ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== "unicast") return false;
  return address instanceof ipaddr.IPv4 || address.match(globalUnicast);
}
