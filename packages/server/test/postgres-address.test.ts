import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holdsPassword, postgresAddress } from "../src/postgres-address.ts";
import { shownPlace } from "../src/store/place.ts";

describe("a PostgreSQL address", () => {
  test.each([
    [
      "postgres://u:p%40s%2Fs@localhost/d",
      {
        hosts: [{ host: "localhost", port: 5432 }],
        user: "u",
        password: "p@s/s",
        database: "d",
        tls: { mode: "disable" },
      },
    ],
    [
      "postgresql://u@one.example:1,two.example:2/d?sslmode=verify-ca&sslrootcert=/ca.pem",
      {
        hosts: [
          { host: "one.example", port: 1 },
          { host: "two.example", port: 2 },
        ],
        tls: { mode: "verify-ca", rootCertificate: "/ca.pem" },
      },
    ],
    ["postgres://u@[::1]:7/d", { hosts: [{ host: "::1", port: 7 }], tls: { mode: "disable" } }],
    [
      "postgres://u@/d?host=/var/run/postgresql",
      { hosts: [{ host: "/var/run/postgresql", port: 5432 }], tls: { mode: "disable" } },
    ],
    ["postgres://u@db.example/d", { tls: { mode: "verify-full" } }],
    ["postgres://u@db.example/d?sslmode=require", { tls: { mode: "require" } }],
    ["postgres://u@h/d?sslcert=/c&sslkey=/k", { tls: { mode: "verify-full", certificate: "/c", key: "/k" } }],
  ])("%s is read", (given, place) => {
    expect(postgresAddress(given)).toMatchObject({ engine: "postgres", ...place });
  });

  test.each([
    ["postgres://", "give hosts as in"],
    ["postgres://h/d", "give an address such as"],
    ["postgres://u@h", "give an address such as"],
    ["postgres://u@h:0/d", "give hosts as in"],
    ["postgres://u@h:65536/d", "give hosts as in"],
    ["postgres://u@a,,b/d", "give hosts as in"],
    ["postgres://u:100%@h/d", "a % must be written as %25"],
    ["postgres://u@h/d?sslmode=prefer", "give sslmode as one of disable, require, verify-ca, verify-full"],
    ["postgres://u@h/d?sslmode=verify-ca", "sslmode=verify-ca needs sslrootcert"],
    ["postgres://u@h/d?sslcert=/c", "give sslcert and sslkey together"],
    ["postgres://u@h/d?sslmode=disable&sslrootcert=/ca", "certificates are of no use"],
    ["postgres://u@h/d?pool=3", "pool is not understood"],
  ])("%s is refused in one line that says what would do", (given, advice) => {
    expect(() => postgresAddress(given)).toThrow(advice);
  });

  test("is shown without its password, whatever that is", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 3, unit: "binary" }).filter((text) => !"postgres://u@h:5432/d".includes(text)),
        (password) => {
          fc.pre(!/[\ud800-\udfff]/.test(password));
          const given = `postgres://u:${encodeURIComponent(password)}@h/d?sslmode=disable`;
          expect(holdsPassword(given)).toBe(true);
          const place = postgresAddress(given);
          expect(place.password).toBe(password);
          expect(shownPlace(place)).toBe("postgres://u@h:5432/d");
        },
      ),
    );
  });
});
