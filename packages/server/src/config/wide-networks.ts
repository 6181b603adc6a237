import ipaddr from "ipaddr.js";

/** Addresses as numbers, from the first to the last. */
type Range = readonly [first: bigint, last: bigint];

/** All of IPv4, and the part of IPv6 that is in use on the internet (RFC 4291 §2.4, 2000::/3). */
const spaces: readonly Range[] = ["::ffff:0:0/96", "2000::/3"].map(rangeOf);

/**
 * Whether networks cover half of the IPv4 or the public IPv6 addresses or more, alone or together. Such a list was not
 * made for proxies: private networks are far smaller.
 *
 * @param cidrs networks or addresses. IPv4 and its form in IPv6 are the same
 */
export function coversHalf(cidrs: readonly string[]): boolean {
  const ranges = merged(cidrs.map(rangeOf));
  return spaces.some(([first, last]) => {
    const covered = ranges.reduce((sum, range) => sum + overlap(range, [first, last]), 0n);
    return covered * 2n >= last - first + 1n;
  });
}

function rangeOf(cidr: string): Range {
  const [address = "", length] = cidr.split("/", 2);
  const parsed = ipaddr.parse(address);
  const v6 = parsed instanceof ipaddr.IPv4 ? parsed.toIPv4MappedAddress() : parsed;
  const offset = parsed instanceof ipaddr.IPv4 ? 96 : 0;
  const bits = length === undefined ? 128 : offset + Number(length);
  const number = v6.toByteArray().reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const size = 1n << BigInt(128 - bits);
  const first = (number / size) * size;
  return [first, first + size - 1n];
}

/** Ranges in order, without overlaps. */
function merged(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const range of ranges.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const before = result.at(-1);
    if (before !== undefined && range[0] <= before[1]) {
      if (range[1] > before[1]) result[result.length - 1] = [before[0], range[1]];
    } else result.push(range);
  }
  return result;
}

function overlap([first, last]: Range, [from, to]: Range): bigint {
  const common = (last < to ? last : to) - (first > from ? first : from) + 1n;
  return common > 0n ? common : 0n;
}
