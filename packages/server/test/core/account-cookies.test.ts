import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AccountCookies } from "../../src/core/tokens/account-cookies.ts";
import { deriveKeys } from "../../src/core/tokens/derived-keys.ts";

const older = deriveKeys("an older secret that is long enough");
const newer = deriveKeys("a newer secret that is long enough");
const cookies = new AccountCookies(newer, older);
const session = "A".repeat(22);

describe("the cookie of the account pages", () => {
  test("names its session until it expires", () => {
    const text = cookies.write(session, 1000);
    expect(cookies.read(text, 999)).toBe(session);
    expect(cookies.read(text, 1000)).toBeUndefined();
  });

  test("of another secret is read, and of a foreign one is not", () => {
    expect(cookies.read(new AccountCookies(older).write(session, 1000), 0)).toBe(session);
    const foreign = new AccountCookies(deriveKeys("a foreign secret that is long enough"));
    expect(cookies.read(foreign.write(session, 1000), 0)).toBeUndefined();
  });

  test("is refused with any other character, and with another length", () => {
    const text = cookies.write(session, 1_700_000_000_000);
    const changed = fc.tuple(fc.nat(text.length - 1), fc.constantFrom(..."Ab0-_.=+/ "));
    fc.assert(
      fc.property(changed, ([at, character]) => {
        const other = text.slice(0, at) + character + text.slice(at + 1);
        expect(cookies.read(other, 0)).toBe(other === text ? session : undefined);
      }),
      { numRuns: 500 },
    );
    for (const other of ["", "..", text.slice(1), `${text}A`, `${text}.`, text.replace(".", "..")]) {
      expect(cookies.read(other, 0)).toBeUndefined();
    }
  });
});
