import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Principal, TokenError } from "../../src/index.ts";
import { ecSigner, goodClaims, goodHeader, guardOf, handMade, issuer, partsOf } from "./hand-made.ts";

const ours = ecSigner();
const theirs = ecSigner();
const guard = guardOf({ k1: ours, k2: theirs });
const valid = [
  handMade(goodHeader, goodClaims, ours.sign),
  handMade(goodHeader, { ...goodClaims, sub: "user:bob", sid: "session-2", roles: [] }, ours.sign),
  handMade({ ...goodHeader, kid: "k2" }, { ...goodClaims, sub: "user:carol", scope: "" }, theirs.sign),
];
const runs = { numRuns: 1_000, seed: 20_260_728 };

/** The refusal or the principal. Any other error fails the test. */
async function outcome(token: string): Promise<Principal | TokenError> {
  try {
    const principal = await guard.verify(token);
    expect(guard.recall(token)).toBe(principal);
    return principal;
  } catch (error) {
    expect(guard.recall(token)).toBeUndefined();
    if (error instanceof TokenError) return error;
    throw error;
  }
}

/** The claims of a token, read without the guard's own code. */
function read(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(partsOf(token)[1], "base64url").toString("utf8"));
}

/** The expected principal of some claims, computed without the code of the guard. */
function expected(claims: Record<string, unknown>): Principal | "refused" {
  const {
    iss,
    aud,
    sub,
    sid,
    iat,
    nbf,
    exp,
    scope,
    roles,
    preferred_username: name,
    realm_access: realm,
  } = claims;
  const text = (value: unknown) => typeof value === "string" && value.length > 0;
  const now = issuer.now / 1_000;
  const audiences = Array.isArray(aud) ? aud : [aud];
  const realmRoles = realm instanceof Object && "roles" in realm ? realm.roles : undefined;
  const listed = roles === undefined || roles === null ? realmRoles : roles;
  if (iss !== issuer.issuer || !audiences.includes(issuer.audience)) return "refused";
  if (typeof exp !== "number" || exp <= now || exp > 8.64e12) return "refused";
  if (iat !== undefined && typeof iat !== "number") return "refused";
  if (nbf !== undefined && (typeof nbf !== "number" || nbf > now)) return "refused";
  if (typeof sub !== "string" || !text(sub)) return "refused";
  if (sid !== undefined && (typeof sid !== "string" || !text(sid))) return "refused";
  if (/"__proto__":/.test(JSON.stringify(claims))) return "refused";
  return {
    userId: sub,
    username: typeof name === "string" && text(name) ? name : sub,
    roles: Array.isArray(listed) ? listed.filter((role) => typeof role === "string") : [],
    scopes: typeof scope === "string" ? (scope.match(/[^ ]+/g) ?? []) : [],
    sessionId: sid,
    expiresAt: exp * 1_000,
    claims,
  };
}

test("the unchanged tokens are accepted", async () => {
  for (const token of valid) expect(await outcome(token)).toEqual(expected(read(token)));
});

describe("a changed token is refused, unless the change gives a signed token", () => {
  const anyValid = fc.constantFrom(...valid);

  test("characters replaced, inserted, removed", async () => {
    const edit = fc.record({
      at: fc.nat(),
      gone: fc.nat(3),
      text: fc.oneof(fc.base64String({ maxLength: 3 }), fc.string({ unit: "binary", maxLength: 3 })),
    });
    await fc.assert(
      fc.asyncProperty(anyValid, fc.array(edit, { minLength: 1, maxLength: 4 }), async (token, edits) => {
        const changed = edits.reduce((now, { at, gone, text }) => {
          const place = at % now.length;
          return now.slice(0, place) + text + now.slice(place + gone) || ".";
        }, token);
        await check(changed);
      }),
      runs,
    );
  });

  test("flipped bits in the bytes of a part", async () => {
    const flip = fc.record({ part: fc.nat(2), at: fc.nat(), bit: fc.nat(7) });
    await fc.assert(
      fc.asyncProperty(anyValid, fc.array(flip, { minLength: 1, maxLength: 3 }), async (token, flips) => {
        const parts = partsOf(token).map((part) => Buffer.from(part, "base64url"));
        for (const { part, at, bit } of flips) {
          const bytes = parts[part] ?? Buffer.alloc(1);
          const place = at % bytes.length;
          bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << bit), place);
        }
        await check(parts.map((bytes) => bytes.toString("base64url")).join("."));
      }),
      runs,
    );
  });

  test("parts of several tokens combined", async () => {
    const piece = fc.oneof(
      fc.tuple(anyValid, fc.nat(2)).map(([token, at]) => partsOf(token)[at] ?? ""),
      fc.constantFrom("", "AA", "e30", "bnVsbA"),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 6 }), (parts) => check(parts.join("."))),
      runs,
    );
  });

  async function check(token: string): Promise<void> {
    const got = await outcome(token);
    if (valid.includes(token)) expect(got).toEqual(expected(read(token)));
    else expect(got).toMatchObject({ code: "invalid_token", message: "The access token is not valid" });
  }
});

describe("a token signed by the issuer is read exactly, or refused", () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: "binary", maxLength: 5 }));
  const value = fc.jsonValue({ maxDepth: 3 });
  const mostly = (usual: unknown, ...others: fc.Arbitrary<unknown>[]) =>
    fc.oneof(
      { weight: 6, arbitrary: fc.constant(usual) },
      ...[...others, value].map((arbitrary) => ({ weight: 1, arbitrary })),
    );
  const number = fc.oneof(fc.double(), fc.integer({ min: 1_699_999_990, max: 1_700_000_100 }));
  const claimSet = fc
    .record(
      {
        iss: mostly(issuer.issuer, text),
        aud: mostly(issuer.audience, fc.constant([issuer.audience]), fc.array(text)),
        sub: mostly("user:alice", text),
        exp: mostly(goodClaims.exp, number),
        nbf: mostly(1_700_000_000, number),
        iat: mostly(1_700_000_000, number),
        sid: mostly("session-1", text),
        preferred_username: mostly("alice", text),
        roles: mostly(["user"], fc.array(fc.oneof(text, value))),
        scope: mostly("openid profile", text),
        realm_access: mostly({ roles: ["user"] }, fc.record({ roles: value })),
        more: value,
      },
      { requiredKeys: ["iss", "aud", "exp", "sub"] },
    )
    .map((claims): Record<string, unknown> => claims);

  test("claims", async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(claimSet, async (claims) => {
        const token = handMade(goodHeader, claims, ours.sign);
        const got = await outcome(token);
        const wanted = expected(read(token));
        if (wanted === "refused") expect(got).toBeInstanceOf(TokenError);
        else expect(got).toEqual(wanted);
        accepted += wanted === "refused" ? 0 : 1;
      }),
      runs,
    );
    // The property says little if hardly any claims are accepted, or all of them.
    expect(accepted).toBeGreaterThan(100);
    expect(accepted).toBeLessThan(900);
  });

  test("any JSON for claims", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (claims) => {
        expect(await outcome(handMade(goodHeader, claims, ours.sign))).toBeInstanceOf(TokenError);
      }),
      runs,
    );
  });

  test("any header, unless alg, kid, typ and crit are good", async () => {
    const members = fc.record(
      {
        alg: mostly("ES256", text),
        typ: mostly("at+jwt", fc.constantFrom("JWT", "application/at+jwt", "AT+JWT"), text),
        kid: mostly("k1", fc.constantFrom("k2", "__proto__"), text),
        crit: value,
        b64: value,
        jwk: fc.constant(theirs.publicKey.export({ format: "jwk" })),
        zip: value,
        cty: value,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(members, fc.jsonValue()), async (header) => {
        const token = handMade(JSON.stringify(header), goodClaims, ours.sign);
        const named: Record<string, unknown> = typeof header === "object" ? { ...header } : {};
        const { alg, typ, kid, crit } = named;
        const type = typeof typ === "string" && /^(application\/)?at\+jwt$/i.test(typ);
        const fine = alg === "ES256" && kid === "k1" && type && crit === undefined;
        const got = await outcome(token);
        if (fine) expect(got).toEqual(expected({ ...goodClaims }));
        else expect(got).toMatchObject({ code: "invalid_token" });
      }),
      runs,
    );
  });
});
