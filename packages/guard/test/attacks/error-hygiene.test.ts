import { createHmac } from "node:crypto";
import { inspect } from "node:util";
import { codeOf, start } from "@latchkey/testkit/mcp/issuer";
import { describe, expect, test } from "vitest";
import { TokenError } from "../../src/index.ts";
import {
  ecSigner,
  encoded,
  goodClaims,
  goodHeader,
  guardOf,
  handMade,
  issuer,
  partsOf,
  type UntypedGuard,
} from "./hand-made.ts";

const ours = ecSigner();
const theirs = ecSigner();
const secret = "a-secret-of-the-programme-canary";
const claims = { ...goodClaims, canary: "claim-canary", sub: "user:canary" };

const tokens: [string, () => string][] = [
  ["expired", () => handMade(goodHeader, { ...claims, exp: start }, ours.sign)],
  ["another issuer", () => handMade(goodHeader, { ...claims, iss: "https://canary.example" }, ours.sign)],
  ["another audience", () => handMade(goodHeader, { ...claims, aud: ["aud-canary"] }, ours.sign)],
  ["an expiry that is a text", () => handMade(goodHeader, { ...claims, exp: "exp-canary" }, ours.sign)],
  ["a malformed session id", () => handMade(goodHeader, { ...claims, sid: ["sid-canary"] }, ours.sign)],
  ["no user", () => handMade(goodHeader, { ...claims, sub: "" }, ours.sign)],
  ["a malformed typ", () => handMade({ ...goodHeader, typ: "typ-canary" }, claims, ours.sign)],
  ["a list of types", () => handMade({ ...goodHeader, typ: ["typ-canary"] }, claims, ours.sign)],
  ["an unknown kid", () => handMade({ ...goodHeader, kid: "kid-canary" }, claims, ours.sign)],
  ["an unknown algorithm", () => handMade({ ...goodHeader, alg: "alg-canary" }, claims, ours.sign)],
  ["an algorithm of other keys", () => handMade({ ...goodHeader, alg: "RS256" }, claims, ours.sign)],
  ["something critical", () => handMade({ ...goodHeader, crit: ["crit-canary"] }, claims, ours.sign)],
  ["a signature by another", () => handMade(goodHeader, claims, theirs.sign)],
  [
    "a secret as a key",
    () =>
      handMade({ ...goodHeader, alg: "HS256" }, claims, (input) =>
        createHmac("sha256", secret).update(input).digest(),
      ),
  ],
  ["claims that are no JSON", () => handMade(goodHeader, '{"claim-canary":oops', ours.sign)],
  ["a header that is not JSON", () => handMade('{"header-canary":oops', claims, ours.sign)],
  ["a header that is not UTF-8", () => handMade(Uint8Array.of(123, 255), claims, ours.sign)],
  [
    "a prototype",
    () =>
      handMade(goodHeader, `{"__proto__":{"x":"proto-canary"},${JSON.stringify(claims).slice(1)}`, ours.sign),
  ],
  ["no signature", () => handMade(goodHeader, claims, () => "")],
  ["too long", () => handMade(goodHeader, { ...claims, filler: "long-canary".repeat(2_000) }, ours.sign)],
  ["no token", () => "canary not a token canary"],
  ["a password by mistake", () => secret],
];

/** Everything that a log could contain, with hidden properties, causes and the output of `inspect`. */
function written(error: unknown): string {
  if (!(error instanceof TokenError)) throw error;
  const own = Reflect.ownKeys(error).map((name) => String(Reflect.get(error, name)));
  const shown = [inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), String(error)];
  return [...own, ...shown, error.message, error.reason, error.stack, String(error.cause)].join("\n");
}

async function refusalOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    return written(error);
  }
  throw new Error("accepted");
}

// CVE-2019-7644: the error contained the right signature.
describe("a refusal contains no part of a token or key", () => {
  test.each(tokens)("%s", async (_name, make) => {
    const token = make();
    const guard = guardOf({ k1: ours });
    const said = await refusalOf(() => guard.verify(token));
    const [header, body] = partsOf(token);
    const right = encoded(ours.sign(`${header}.${body}`));
    const { x = "x", y = "y" } = ours.publicKey.export({ format: "jwk" });
    const { d = "d" } = ours.privateKey.export({ format: "jwk" });
    for (const part of [...token.split("."), right, token, secret, x, y, d]) {
      if (part.length > 3) expect(said).not.toContain(part);
    }
    expect(said).not.toContain("canary");
    expect(said).not.toContain("user:");
  });

  test("the refusal of a token that was good contains no part of it", async () => {
    const guard = guardOf({ k1: ours });
    const token = handMade(goodHeader, { ...claims, sid: "sid-canary" }, ours.sign);
    await guard.verify(token);
    issuer.ended.add("sid-canary");
    const said = [
      await refusalOf(() => guard.verify(token)),
      await refusalOf(async () => guard.recall(token)),
    ];
    issuer.now += 60_000;
    said.push(await refusalOf(() => guard.verify(token)), await refusalOf(async () => guard.recall(token)));
    issuer.now = start * 1_000;
    issuer.ended.clear();
    for (const one of said) {
      expect(one).not.toContain("canary");
      for (const part of token.split(".")) expect(one).not.toContain(part);
    }
  });

  test.each<[string, unknown]>([
    ["bytes", Buffer.from("canary.canary.canary")],
    ["list", ["canary.canary.canary"]],
    ["object", { token: "canary" }],
  ])("the refusal of a value other than a token contains no part of it: %s", async (_name, value) => {
    const guard: UntypedGuard = guardOf({ k1: ours });
    expect(await refusalOf(() => guard.verify(value))).not.toContain("canary");
  });

  test("an inspected guard shows no part of a token", async () => {
    const guard = guardOf({ k1: ours });
    const token = handMade(goodHeader, claims, ours.sign);
    await guard.verify(token);
    const shown =
      inspect(guard, { depth: 9, showHidden: true }) + JSON.stringify(guard) + inspect(guard.health());
    for (const part of [...token.split("."), "canary"]) expect(shown).not.toContain(part);
  });
});

test("an error of the key source is passed on unchanged", async () => {
  const offline = new TypeError("offline");
  const failing = () => {
    throw offline;
  };
  const token = handMade(goodHeader, claims, ours.sign);
  for (const keys of [{ get: failing }, { get: () => undefined, refresh: async () => failing() }]) {
    await expect(issuer.guard({ keys }).verify(token)).rejects.toBe(offline);
  }
  const unavailable = new TokenError("keys_unavailable");
  const refresh = () => Promise.reject(unavailable);
  expect(await codeOf(issuer.guard({ keys: { get: () => undefined, refresh } }).verify(token))).toBe(
    "keys_unavailable",
  );
});
