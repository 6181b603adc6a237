import fc from "fast-check";
import { expect, test } from "vitest";
import { addressBucket, networkOfBucket } from "../../src/core/throttle/addresses.ts";

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:DB8:1:2::1", "2001:db8:1:2::/64"],
  ["::1", "::/64"],
  ["fe80::1%eth0", "fe80::/64"],
  ["not an address", "not an address"],
])("%s is counted as %s", (address, bucket) => expect(addressBucket(address)).toBe(bucket));

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2::/64", "2001:db8:1::/48"],
  ["not an address/64", "not an address/64"],
])("%s is in the network %s", (bucket, network) => expect(networkOfBucket(bucket)).toBe(network));

test("all addresses of a /64 share a bucket, those of another /64 do not", () => {
  const group = fc.nat(0xffff).map((number) => number.toString(16));
  fc.assert(
    fc.property(
      fc.tuple(group, group, group, group),
      fc.tuple(group, group, group, group),
      group,
      (network, host, other) => {
        const first = addressBucket(`${network.join(":")}:${host.join(":")}`);
        expect(addressBucket(`${network.join(":")}:1:2:3:4`)).toBe(first);
        const [a, b, c, d] = network;
        fc.pre(d !== other && !(a === "0" && b === "0" && c === "0"));
        expect(addressBucket(`${a}:${b}:${c}:${other}:1:2:3:4`)).not.toBe(first);
      },
    ),
  );
});
