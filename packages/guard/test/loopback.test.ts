import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSameLoopback, underHost } from "../src/support/loopback.ts";

const names = ["localhost", "127.0.0.1", "[::1]"] as const;
const name = fc.constantFrom(...names);
const scheme = fc.constantFrom("http", "https");
const port = fc.integer({ min: 1, max: 65_535 });
const path = fc.webPath();

/** Texts that resemble a `Host` of this machine. */
const host = fc.oneof(
  fc.string(),
  fc
    .tuple(name, fc.constantFrom("", ":", "@", ".", "/", "#", "?", "\\", ",", " "), fc.string(), port)
    .map(([one, mark, more, at]) => `${one}${mark}${more}:${at}`),
  fc.tuple(name, port).map(([one, at]) => `${one}:${at}`),
  fc.webAuthority(),
);

describe("a URL under the name in a Host", () => {
  test("differs in that name alone, which is one of this machine's", () => {
    fc.assert(
      fc.property(
        scheme,
        name,
        port,
        path,
        fc.option(host),
        name,
        (protocol, own, at, rest, text, dialled) => {
          const sent = text ?? `${dialled}:${at}`;
          const url = `${protocol}://${own}:${at}${rest}`;
          const named = underHost(url, sent);
          const possible = names.map((one) => `${protocol}://${one}:${at}${rest}`);
          expect(possible).toContain(named);
          if (named !== url) expect(`${new URL(named).hostname}:${at}`).toBe(sent.toLowerCase());
          if (text === null) expect(named).toBe(`${protocol}://${dialled}:${at}${rest}`);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("is unchanged off this machine", () => {
    fc.assert(
      fc.property(fc.webUrl(), host, (url, sent) => {
        expect(underHost(url, sent)).toBe(url);
      }),
    );
  });
});

describe("two URLs of this machine", () => {
  const url = fc.tuple(scheme, name, port, path);
  const textOf = ([protocol, own, at, rest]: readonly [string, string, number, string]) =>
    `${protocol}://${own}:${at}${rest}`;

  test("are the same if they differ in its name alone", () => {
    fc.assert(
      fc.property(url, name, ([protocol, own, at, rest], other) => {
        expect(isSameLoopback(textOf([protocol, own, at, rest]), textOf([protocol, other, at, rest]))).toBe(
          true,
        );
      }),
    );
  });

  test("are different if they differ in scheme, port or path", () => {
    fc.assert(
      fc.property(url, url, (one, other) => {
        const [protocol, , at, rest] = one;
        const [otherProtocol, , otherAt, otherRest] = other;
        const isSame = protocol === otherProtocol && at === otherAt && rest === otherRest;
        expect(isSameLoopback(textOf(one), textOf(other))).toBe(isSame);
      }),
    );
  });

  test("are never the same as a URL of another machine", () => {
    fc.assert(
      fc.property(url, fc.webUrl(), (own, other) => {
        expect(isSameLoopback(textOf(own), other)).toBe(false);
        expect(isSameLoopback(other, other)).toBe(false);
      }),
    );
  });
});
