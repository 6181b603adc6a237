import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, test } from "vitest";
import { ClientAddresses } from "../../src/http/client-addresses.ts";
import type { ForwardedHeader } from "../../src/http/forwarded-hops.ts";

function proxied(forwardedHeader: ForwardedHeader, trustedProxies = ["10.0.0.0/8", "2001:db8:f::/48"]) {
  const warnings: string[] = [];
  const warn = (fields: object, message: string) => warnings.push(JSON.stringify(fields) + message);
  const log = { debug: () => {}, warn, error: () => {} };
  const addresses = new ClientAddresses({ trustedProxies, forwardedHeader, log });
  return {
    warnings,
    of: (value: string | undefined, peer = "10.0.0.1", more: Record<string, string> = {}) =>
      addresses.of({
        headers: { ...more, ...(value === undefined ? {} : { [forwardedHeader]: value }) },
        socket: { remoteAddress: peer },
      }),
  };
}

describe("X-Forwarded-For", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["192.0.2.1:5678", "192.0.2.1"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["2001:DB8:0:0::1", "2001:db8::1"],
    ['"192.0.2.1:5678"', "192.0.2.1"],
    ['"[2001:db8::1]:443"', "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["[fe80::1%25eth0]:80", "fe80::1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["[::FFFF:c000:0201]:80", "192.0.2.1"],
    ["198.51.100.9, 192.0.2.1:5678", "192.0.2.1"],
    ["198.51.100.9, 192.0.2.1:5678, 10.1.2.3:80", "192.0.2.1"],
    ["198.51.100.9,192.0.2.1 ,\t[2001:db8:f::1]:80", "192.0.2.1"],
    ["unknown, 192.0.2.1", "192.0.2.1"],
    [", 10.1.2.3", "10.1.2.3"],
    ["10.1.2.3, 10.9.9.9", "10.1.2.3"],
    ['"198.51.100.9, 192.0.2.1', "192.0.2.1"],
    ["", "10.0.0.1"],
    [undefined, "10.0.0.1"],
  ])("%j is %s", (value, address) => {
    expect(proxied("x-forwarded-for").of(value)).toBe(address);
  });

  test.each([
    ["unknown", "10.0.0.1"],
    ["192.0.2.1, unknown", "10.0.0.1"],
    ["192.0.2.1, _hidden, 10.1.2.3", "10.1.2.3"],
    ["192.0.2.1, ", "10.0.0.1"],
    ["010.0.0.1", "10.0.0.1"],
    ["192.0.2.1:", "10.0.0.1"],
    ["192.0.2.1:123456", "10.0.0.1"],
    ["[192.0.2.1", "10.0.0.1"],
    ["192.0.2", "10.0.0.1"],
    ["unix:", "10.0.0.1"],
    ["<script>", "10.0.0.1"],
  ])("in %j the search ends at the proxy %s, with one warning that omits it", (value, address) => {
    const one = proxied("x-forwarded-for");
    for (let time = 0; time < 3; time++) expect(one.of(value)).toBe(address);
    expect(one.warnings).toHaveLength(1);
    expect(one.warnings[0]).toContain(`"proxy":"${address}"`);
    expect(one.warnings[0]).not.toContain(value);
  });

  test("counts from trusted proxies only, in any spelling of their address", () => {
    const one = proxied("x-forwarded-for", ["::ffff:10.0.0.0/104", "fe80::/10", "198.51.100.1"]);
    for (const peer of ["10.0.0.1", "::ffff:10.255.0.1", "fe80::7%eth1", "198.51.100.1"]) {
      expect(one.of("192.0.2.1", peer)).toBe("192.0.2.1");
    }
    for (const peer of ["11.0.0.1", "198.51.100.2", "2001:db8::1"])
      expect(one.of("192.0.2.1", peer)).toBe(peer);
    expect(one.of("192.0.2.1", "::ffff:203.0.113.4")).toBe("203.0.113.4");
  });

  test("is ignored if Forwarded is chosen, and the other way round", () => {
    const lie = "198.51.100.9";
    expect(proxied("forwarded").of("for=192.0.2.1", "10.0.0.1", { "x-forwarded-for": lie })).toBe(
      "192.0.2.1",
    );
    expect(proxied("forwarded").of(undefined, "10.0.0.1", { "x-forwarded-for": lie })).toBe("10.0.0.1");
    const forwarded = { forwarded: `for=${lie}` };
    expect(proxied("x-forwarded-for").of(undefined, "10.0.0.1", forwarded)).toBe("10.0.0.1");
  });
});

describe("Forwarded", () => {
  test.each([
    ["for=192.0.2.1", "192.0.2.1"],
    ["FOR=192.0.2.1;proto=https;by=203.0.113.43", "192.0.2.1"],
    ['by=10.0.0.1; for="192.0.2.1:5678" ;host="a,b;for=x"', "192.0.2.1"],
    ['for="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"],
    ['for="\\1\\9\\2.0.2.1"', "192.0.2.1"],
    ["for=198.51.100.9, for=192.0.2.1", "192.0.2.1"],
    ['for=198.51.100.9, for=192.0.2.1, for="[2001:db8:f::1]"', "192.0.2.1"],
    ['for="198.51.100.9, for=192.0.2.1', "192.0.2.1"],
    ['for=198.51.100.9;host="\\", for=192.0.2.1', "192.0.2.1"],
    ['host="x\\\\", for=192.0.2.1', "192.0.2.1"],
    ["garbage;;, for=192.0.2.1", "192.0.2.1"],
  ])("%s is %s", (value, address) => {
    const one = proxied("forwarded");
    expect(one.of(value)).toBe(address);
    expect(one.warnings).toEqual([]);
  });

  test.each([
    "for=unknown",
    "for=_hidden",
    'for="_gazonk:80"',
    "proto=https",
    "for=192.0.2.1;for=192.0.2.2",
    "for=192.0.2.1;;x",
    "for",
    '"for=192.0.2.1"',
    "for = 192.0.2.1",
    "192.0.2.1",
  ])("%s holds no address", (value) => {
    const one = proxied("forwarded");
    expect(one.of(value)).toBe("10.0.0.1");
    expect(one.warnings).toHaveLength(1);
  });
});

const anywhere = fc.oneof(fc.ipV4(), fc.ipV6());
const trusted = fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `10.${a}.${b}.7`);
const client = anywhere.filter((address) => {
  const { of } = proxied("x-forwarded-for");
  // Addresses in these networks would be mistaken for proxies.
  return of("192.0.2.1", address) !== "192.0.2.1";
});
const written = (address: string) =>
  address.includes(":")
    ? fc.constantFrom(`"[${address}]"`, `"[${address}]:80"`, `"[${address.toUpperCase()}]:65535"`)
    : fc.constantFrom(address, `"${address}"`, `"${address}:5678"`);
const lie = fc
  .array(
    fc.constantFrom('"', "\\", ",", ";", "=", "for=", "[", "]", ":", " ", "10.0.0.1", "1.2.3.4", "::1", "x"),
    {
      maxLength: 30,
    },
  )
  .map((parts) => parts.join(""));

test.each(["x-forwarded-for", "forwarded"] as const)(
  "%s: the entries of the proxies name the client, for any text of a client",
  (header) => {
    const entry = (node: string) => (header === "forwarded" ? `for=${node};proto=https` : node);
    const way = fc
      .tuple(client, fc.array(trusted, { maxLength: 3 }))
      .chain(([from, proxies]) => fc.tuple(fc.constant(from), fc.tuple(...[from, ...proxies].map(written))));
    fc.assert(
      fc.property(lie, way, (sent, [from, nodes]) => {
        const one = proxied(header);
        expect(one.of([sent, ...nodes.map(entry)].join(", "))).toBe(ipaddr.process(from).toString());
        expect(one.warnings).toEqual([]);
      }),
      { numRuns: 500 },
    );
  },
);

test.each(["x-forwarded-for", "forwarded"] as const)(
  "%s: any text gives one address in linear time",
  (header) => {
    fc.assert(
      fc.property(fc.oneof(lie, fc.string({ maxLength: 200 })), (text) => {
        expect(ipaddr.isValid(proxied(header).of(text))).toBe(true);
      }),
    );
    for (const text of [
      '"\\'.repeat(8_000),
      "\\".repeat(16_000),
      '",'.repeat(8_000),
      "for=;".repeat(3_000),
    ]) {
      expect(proxied(header).of(`${text}"`)).toBe("10.0.0.1");
    }
  },
);
