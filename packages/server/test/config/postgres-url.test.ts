import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holdsPassword, postgresUrl } from "../../src/config/postgres-url.ts";
import { shownPlace } from "../../src/store/place.ts";

describe("a PostgreSQL URL", () => {
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
    [
      "postgres://u:p@ep-cool-darkness-123456.us-east-2.aws.neon.tech/d?sslmode=require&channel_binding=require",
      { tls: { mode: "require", channelBinding: true }, notes: [] },
    ],
    [
      "postgres://u@neon.example/d?options=endpoint%3Dep-cool&connect_timeout=10&application_name=sign+in",
      { options: "endpoint=ep-cool", connectTimeout: 10_000, applicationName: "sign+in", notes: [] },
    ],
    ["postgres://u@h/d?sslmode=prefer", { tls: { mode: "require" }, notes: [/sslmode=prefer.*as require/] }],
    ["postgres://u@h/d?sslmode=allow", { tls: { mode: "require" }, notes: [/allow.*as require/] }],
    ["postgres://u@localhost/d?sslmode=prefer", { tls: { mode: "disable" }, notes: [] }],
    [
      "postgres://u@h/d?sslmode=prefer&sslrootcert=/ca",
      { tls: { mode: "verify-ca", rootCertificate: "/ca" } },
    ],
    ["postgres://u@h/d?sslmode=require&sslrootcert=/ca", { tls: { mode: "verify-ca" } }],
    ["postgres://u@h/d?ssl=true", { tls: { mode: "verify-full" } }],
    ["postgres://u@h/d?sslmode=require&ssl=true", { tls: { mode: "require" } }],
    ["postgres://u@h/d?ssl=true&sslmode=require", { tls: { mode: "require" } }],
    ["postgres://u@h/d?sslmode=require&sslnegotiation=direct", { tls: { mode: "require", direct: true } }],
    ["postgres://u@h/d?target_session_attrs=read-write", { notes: [] }],
    [
      "postgres://u@h/d?schema=auth&connection_limit=5&pool_timeout=10&pgbouncer=true",
      {
        schema: "auth",
        notes: [
          /^connection_limit in LATCHKEY_DATABASE has no effect: LATCHKEY_DATABASE_POOL/,
          /^pool_timeout in LATCHKEY_DATABASE has no effect: LATCHKEY_DATABASE_TIMEOUT/,
          /^pgbouncer in LATCHKEY_DATABASE has no effect: Latchkey detects a pooler/,
        ],
      },
    ],
    ["postgres://u@h/d?connect_timeout=0", { notes: [/^connect_timeout/] }],
    ["postgres://u@h/d?sslrootcert=system", { tls: { mode: "verify-full" } }],
    [
      "postgres://u@/d?host=/cloudsql/project:region:instance",
      { hosts: [{ host: "/cloudsql/project:region:instance", port: 5432 }] },
    ],
    ["postgres://u@h/d?sslcert=/c&sslkey=/k", { tls: { mode: "verify-full", certificate: "/c", key: "/k" } }],
  ])("%s is read", (given, place) => {
    const { notes, ...read } = postgresUrl(given);
    const { notes: expected, ...rest } = { notes: undefined, ...place };
    expect(read).toMatchObject({ engine: "postgres", ...rest });
    if (expected === undefined) return;
    expect(notes).toHaveLength(expected.length);
    for (const [index, line] of expected.entries()) expect(notes[index]).toMatch(line);
  });

  test.each([
    ["postgres://", "expected hosts as in"],
    ["postgres://h/d", "expected a URL such as"],
    ["postgres://u@h", "expected a URL such as"],
    ["postgres://u@h:0/d", "expected hosts as in"],
    ["postgres://u@h:65536/d", "expected hosts as in"],
    ["postgres://u@a,,b/d", "expected hosts as in"],
    ["postgres://u:100%@h/d", "a % must be written as %25"],
    ["postgres://u@h/d?sslmode=off", "expected sslmode to be one of disable, allow, prefer, require"],
    ["postgres://u@h/d?sslmode=require&sslmode=disable", "sslmode is set twice"],
    ["postgres://u@h/d?sslmode=toString", "expected sslmode to be one of"],
    ["postgres://u@h/d?toString=1", "toString is unknown"],
    [
      "postgres://u@h/d?target_session_attrs=standby",
      "target_session_attrs cannot be used: Latchkey needs the primary",
    ],
    ["postgres://u@localhost/d?channel_binding=require", "channel_binding and sslnegotiation need TLS"],
    ["postgres://u@h/d?connect_timeout=soon", "expected connect_timeout in seconds"],
    ["postgres://u@h/d?gssencmode=require", "gssencmode cannot be used: Latchkey encrypts with TLS"],
    ["postgres://u@h/d?sslaccept=strict", "sslaccept cannot be used: use sslmode"],
    ["postgres://u@h/d?sslmode=require&sslrootcert=system", "sslrootcert=system needs sslmode=verify-full"],
    ["postgres://h/d?user=u&password=hunter2", "user cannot be used: write the user in front of the host"],
    ["postgres://u@h/d?sslmode=verify-ca", "sslmode=verify-ca needs sslrootcert"],
    ["postgres://u@h/d?sslcert=/c", "set sslcert and sslkey together"],
    ["postgres://u@h/d?sslmode=disable&sslrootcert=/ca", "sslmode=disable uses no certificates"],
    ["postgres://u@h/d?pool=3", "pool is unknown"],
    ["postgres://u:a%00b@h/d", "%00 cannot be used"],
    ["postgres://u@h/d?application_name=a%00options", "%00 cannot be used"],
  ])("%s is refused with the accepted texts", (given, advice) => {
    expect(() => postgresUrl(given)).toThrow(advice);
  });

  test("with a password among its parameters counts as a secret", () => {
    expect(holdsPassword("postgres://u@h/d?sslmode=require&password=hunter2")).toBe(true);
    expect(holdsPassword("postgres://u@h/d?sslmode=require")).toBe(false);
  });

  test("is shown without its password, for any password", () => {
    fc.assert(
      fc.property(
        // A NUL is refused, as above.
        fc
          .string({ minLength: 3, unit: "binary" })
          .filter((text) => !text.includes("\0") && !"postgres://u@h:5432/d".includes(text)),
        (password) => {
          const given = `postgres://u:${encodeURIComponent(password)}@h/d?sslmode=disable`;
          expect(holdsPassword(given)).toBe(true);
          const place = postgresUrl(given);
          expect(place.password).toBe(password);
          expect(shownPlace(place)).toBe("postgres://u@h:5432/d");
        },
      ),
    );
  });
});
