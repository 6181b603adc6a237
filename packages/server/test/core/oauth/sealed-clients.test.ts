import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SealedClients, type SealedDescription } from "../../../src/core/oauth/sealed-clients.ts";
import { deriveKeys } from "../../../src/core/tokens/derived-keys.ts";

const [keys, otherKeys] = ["a secret that is long enough for this", "another secret that is long enough"].map(
  deriveKeys,
);
if (keys === undefined || otherKeys === undefined) throw new Error("no keys");
const sealed = new SealedClients(keys);

const described = (change: Partial<SealedDescription> = {}): SealedDescription => ({
  method: "none",
  name: "Cursor",
  redirectUris: ["cursor://anysphere.cursor-mcp/oauth/callback", "http://localhost:8787/callback"],
  ...change,
});

function idOf(description: SealedDescription, by = sealed): string {
  const made = by.seal(description);
  if (made === undefined) throw new Error("too long");
  return made.id;
}

describe("a sealed client id", () => {
  test("holds the client, which nobody vouches for", () => {
    const id = idOf(described());
    expect(id).toMatch(/^lkc_[\w-]+$/);
    expect(sealed.open(id)).toEqual({
      id,
      name: "Cursor",
      redirectUris: ["cursor://anysphere.cursor-mcp/oauth/callback", "http://localhost/callback"],
      credentials: [{ kind: "none" }],
      grantTypes: ["authorization_code", "refresh_token"],
      voucher: { by: "nobody" },
    });
  });

  test("is the same for the same program, whatever its port and order", () => {
    const uris = ["http://localhost:8787/callback", "cursor://anysphere.cursor-mcp/oauth/callback"];
    expect(idOf(described({ redirectUris: uris }))).toBe(idOf(described()));
    const other = ["http://localhost:49152/callback", "http://localhost/callback", ...uris];
    expect(idOf(described({ redirectUris: other }))).toBe(idOf(described()));
  });

  test.each([
    { name: "Cursor 2" },
    { method: "client_secret_post" as const },
    { redirectUris: ["http://localhost/callback"] },
    { redirectUris: ["cursor://anysphere.cursor-mcp/oauth/callback", "http://127.0.0.1/callback"] },
  ])("is another one with %o", (change) => {
    expect(idOf(described(change))).not.toBe(idOf(described()));
  });

  test("gives no secret to a public client, and always the same to another", () => {
    expect(sealed.seal(described())?.secret).toBeUndefined();
    const method = "client_secret_basic";
    const made = sealed.seal(described({ method }));
    expect(made?.secret).toMatch(/^lks_[\w-]{43}$/);
    expect(sealed.seal(described({ method }))).toEqual(made);
    const hash = createHash("sha256")
      .update(made?.secret ?? "")
      .digest("base64url");
    expect(sealed.open(made?.id ?? "")?.credentials).toEqual([{ kind: "secret", hash }]);
  });

  test("is at most 1,500 characters long", () => {
    const uris = (length: number) => [`https://app.example/${"a".repeat(length)}`];
    const longest = [...Array(1_200).keys()].findLast(
      (length) => sealed.seal(described({ redirectUris: uris(length) })) !== undefined,
    );
    const id = idOf(described({ redirectUris: uris(longest ?? 0) }));
    expect(id.length).toBeGreaterThan(1_490);
    expect(id.length).toBeLessThanOrEqual(1_500);
  });

  test("is made by the first secret and opened by all", () => {
    const both = new SealedClients(otherKeys, keys);
    const description = described({ method: "client_secret_basic" });
    const old = sealed.seal(description);
    expect(both.open(old?.id ?? "")).toEqual(sealed.open(old?.id ?? ""));
    expect(idOf(description, both)).toBe(idOf(description, new SealedClients(otherKeys)));
    expect(sealed.open(idOf(description, both))).toBeUndefined();
  });
});

describe("a forged client id is unknown", () => {
  const id = idOf(described());

  test("with one bit flipped", () => {
    const bytes = Buffer.from(id.slice(4), "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes);
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(sealed.open(`lkc_${forged.toString("base64url")}`)).toBeUndefined();
    }
  });

  test("with a character changed, added or removed", () => {
    fc.assert(
      fc.property(fc.nat(id.length - 1), fc.constantFrom(..."ABCxyz019-_ =.+/\u0000é"), (at, character) => {
        fc.pre(id[at] !== character);
        expect(sealed.open(id.slice(0, at) + character + id.slice(at + 1))).toBeUndefined();
        expect(sealed.open(id.slice(0, at) + character + id.slice(at))).toBeUndefined();
        expect(sealed.open(id.slice(0, at) + id.slice(at + 1))).toBeUndefined();
      }),
    );
  });

  test("cut off anywhere", () => {
    for (let length = 0; length < id.length; length++)
      expect(sealed.open(id.slice(0, length))).toBeUndefined();
  });

  test("with any other text, of any length", () => {
    const text = fc.oneof(fc.string(), fc.base64String(), fc.string({ minLength: 2_000, maxLength: 5_000 }));
    fc.assert(
      fc.property(text, fc.boolean(), (rest, prefixed) => {
        expect(sealed.open(prefixed ? `lkc_${rest}` : rest)).toBeUndefined();
      }),
    );
    expect(sealed.open(`lkc_${"A".repeat(10_000_000)}`)).toBeUndefined();
  });
});

describe("the claim of an id, read without the secret,", () => {
  test("is the description that any secret has sealed", () => {
    const others = new SealedClients(otherKeys);
    for (const id of [idOf(described()), idOf(described(), others)])
      expect(SealedClients.claimOf(id)).toMatchObject({ method: "none", name: "Cursor" });
  });

  test("is missing if the id is cut off", () => {
    const id = idOf(described());
    for (let length = 0; length < id.length; length++)
      expect(SealedClients.claimOf(id.slice(0, length))).toBeUndefined();
  });

  test("is missing in any other text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.json()), (text) => {
        const sealedText = Buffer.concat([Buffer.alloc(16), Buffer.from(text)]).toString("base64url");
        for (const id of [text, `lkc_${text}`, `lkc_${sealedText}`])
          expect(SealedClients.claimOf(id)).toBeUndefined();
      }),
    );
  });
});

test("every description that is sealed is opened again", () => {
  const uri = fc.constantFrom("https://a.example/1", "https://b.example/2?x=y", "http://[::1]/cb", "app:/x");
  const description = fc.record({
    method: fc.constantFrom("none" as const, "client_secret_basic" as const, "client_secret_post" as const),
    name: fc.string({ minLength: 1, unit: "grapheme" }),
    redirectUris: fc.uniqueArray(uri, { minLength: 1 }),
  });
  fc.assert(
    fc.property(description, (given) => {
      const opened = sealed.open(idOf(given));
      expect(opened?.name).toBe(given.name);
      expect(opened?.redirectUris).toEqual(given.redirectUris.toSorted());
    }),
  );
});
