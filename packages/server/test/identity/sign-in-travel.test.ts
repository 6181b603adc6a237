import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { removedCookie, signInCookie } from "../../src/http/oauth/sign-in-cookie.ts";
import { SignInTravel, type Travel } from "../../src/identity/keycloak/sign-in-travel.ts";

const [first, second] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const travel = new SignInTravel(true, [first]);
const query = "client_id=notes&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback";
const now = 1_700_000_000_000;

function begin(): Travel {
  const begun = travel.begin(query, now);
  if (begun === undefined) throw new Error("too long");
  return begun;
}

const fieldOf = ({ cookie }: Travel) => `${cookie.name}=${cookie.value}`;

describe("a sign-in under way", () => {
  test("opens with the cookie of its browser, among others", () => {
    const begun = begin();
    expect(travel.open(begun.state, `a=b; ${fieldOf(begun)}; c=d`, now)).toEqual(begun);
    expect(travel.open(begun.state, fieldOf(begun), now + 30 * 60_000 - 1)).toEqual(begun);
  });

  test.each<[string, (begun: Travel) => ReturnType<SignInTravel["open"]>]>([
    ["no cookie", ({ state }) => travel.open(state, undefined, now)],
    ["another sign-in's cookie", ({ state }) => travel.open(state, fieldOf(begin()), now)],
    [
      "another sign-in's value under its name",
      ({ state, cookie }) => travel.open(state, `${cookie.name}=${begin().cookie.value}`, now),
    ],
    [
      "two cookies of its name",
      (begun) => travel.open(begun.state, `${fieldOf(begun)}; ${fieldOf(begun)}`, now),
    ],
    ["its cookie after half an hour", (begun) => travel.open(begun.state, fieldOf(begun), now + 30 * 60_000)],
    [
      "its cookie under another secret",
      (begun) => new SignInTravel(true, [second]).open(begun.state, fieldOf(begun), now),
    ],
  ])("does not open with %s", (_name, open) => {
    expect(open(begin())).toBeUndefined();
  });

  test("opens on a replica with the secrets in another order", () => {
    const begun = begin();
    expect(new SignInTravel(true, [second, first]).open(begun.state, fieldOf(begun), now)).toEqual(begun);
  });

  test("does not open after any change of its state", () => {
    const begun = begin();
    const bytes = Buffer.from(begun.state);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, letter) => {
        const changed = begun.state.slice(0, at) + letter + begun.state.slice(at + 1);
        fc.pre(changed !== begun.state);
        // The last letter of base64url holds unused bits: another letter may stand for the same bytes.
        fc.pre(at < bytes.length - 1);
        expect(travel.open(changed, fieldOf(begun), now)).toBeUndefined();
      }),
    );
  });

  test("shows nothing of its request, and has secrets of its own", () => {
    const [one, other] = [begin(), begin()];
    expect(Buffer.from(one.state.split(".")[1] ?? "", "base64url").includes("notes")).toBe(false);
    const secrets = [one, other].flatMap(({ verifier, nonce, code, cookie }) => [
      verifier,
      nonce,
      code,
      cookie.value,
    ]);
    expect(new Set(secrets).size).toBe(8);
  });

  test("has at most 4,000 characters of state, whatever the request", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 6_000 }), (bytes) => {
        const begun = travel.begin(Buffer.from(bytes).toString("base64url"), now);
        return begun === undefined ? bytes.length > 2_000 : begun.state.length <= 4_000;
      }),
    );
  });
});

describe("the cookie of a sign-in", () => {
  const { cookie } = begin();

  test("with an https issuer can be set by no other host, and needs TLS", () => {
    expect(cookie.name).toMatch(/^__Host-latchkey-sign-in-[\w-]{12}$/);
    expect(signInCookie("https://login.example", { ...cookie, maxAge: 1800 })).toBe(
      `${cookie.name}=${cookie.value}; Path=/; Max-Age=1800; HttpOnly; SameSite=Lax; Secure`,
    );
  });

  test("with a loopback issuer has a plain name", () => {
    const plain = new SignInTravel(false, [first]).begin(query, now);
    expect(plain?.cookie.name).toMatch(/^latchkey-sign-in-[\w-]{12}$/);
    expect(removedCookie("http://127.0.0.1:8000", "name")).toBe(
      "name=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
    );
  });
});
