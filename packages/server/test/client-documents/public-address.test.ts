import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPublicAddress } from "../../src/client-documents/public-address.ts";

describe("a public address", () => {
  test.each([
    "93.184.215.14",
    "1.1.1.1",
    "8.8.8.8",
    "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
    "2a00:1450::1",
  ])("is %s", (address) => expect(isPublicAddress(address)).toBe(true));
});

describe("an address is not public if it is", () => {
  test.each([
    ["loopback", ["127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1"]],
    ["unspecified", ["0.0.0.0", "0.1.2.3", "::"]],
    ["private", ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fd00::1", "fc00::1", "fec0::1"]],
    [
      "link-local, such as the metadata service of a cloud",
      ["169.254.169.254", "fe80::1", "fe80::1%eth0", "2606:2800::1%eth0"],
    ],
    ["shared by a provider", ["100.64.0.1", "100.127.255.255"]],
    ["multicast or broadcast", ["224.0.0.1", "239.1.2.3", "255.255.255.255", "ff02::1"]],
    [
      "reserved",
      ["240.0.0.1", "192.0.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    ],
    ["IPv4 mapped into IPv6", ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::ffff:8.8.8.8"]],
    ["IPv4 compatible with IPv6", ["::127.0.0.1", "::8.8.8.8", "::ffff:0:127.0.0.1"]],
    ["behind NAT64", ["64:ff9b::127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::a00:1"]],
    ["behind 6to4 or Teredo", ["2002:7f00:1::", "2002:808:808::1", "2001:0:53aa:64c::1"]],
    ["outside of the part that is given out", ["4000::1", "5f00::1", "100::1", "e000::1"]],
    ["written in another way", ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "127.0.0.1 ", "[::1]"]],
    ["not an address", ["", "localhost", "app.example"]],
  ])("%s", (_, addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });

  test("of an inner network, whatever its IPv6 spelling", () => {
    const inner = fc.constantFrom(
      [127, 0, 0, 1],
      [10, 1, 2, 3],
      [169, 254, 169, 254],
      [192, 168, 1, 1],
      [172, 16, 0, 1],
    );
    const prefix = fc.constantFrom("::ffff:", "::", "::ffff:0:", "64:ff9b::", "64:ff9b:1::");
    fc.assert(
      fc.property(inner, prefix, fc.boolean(), ([a = 0, b = 0, c = 0, d = 0], front, dotted) => {
        const hex = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
        expect(isPublicAddress(front + (dotted ? `${a}.${b}.${c}.${d}` : hex))).toBe(false);
        expect(isPublicAddress(`2002:${hex}::1`)).toBe(false);
      }),
    );
  });
});
