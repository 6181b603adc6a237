import { generateKeyPairSync } from "node:crypto";
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { claimsOf, send } from "../api/api-case.ts";
import { form, storeBeside } from "../api/oauth-world.ts";
import { type AdminWorld, adminWorld } from "./admin-world.ts";

let world: AdminWorld;
let root: string;
beforeAll(async () => {
  world = await adminWorld();
  root = await world.tokenOf("root");
});
afterAll(() => world[Symbol.asyncDispose]());

const machine = { name: "Robot", authentication: "jwks", machine: true, scopes: ["users:read"] };
const add = (jwks: unknown, more: object = {}) =>
  ({ method: "POST", path: "/clients", body: { ...machine, jwks, ...more } }) as const;

/** The status of a machine's token request with an assertion. */
async function tokenWith(id: string, key: CryptoKey, alg: string) {
  const seconds = Math.floor(world.server.now() / 1000);
  const assertion = await new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(world.server.url)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + 60)
    .sign(key);
  const request = form("/oauth/token", {
    grant_type: "client_credentials",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
    resource: `${world.server.url}/admin/v1`,
  });
  return send(world.server, "", request);
}

test.each(["ES256", "RS256", "EdDSA"])("a machine proves itself with its key of %s", async (alg) => {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  const jwk = await exportJWK(publicKey);
  const { body } = await world.expectAnswer(root, add({ keys: [jwk] }), {
    status: 201,
    body: { added: true, authentication: "jwks", scopes: ["users:read"] },
    absent: ["secret", "jwks"],
    events: ["client.added"],
  });
  const id = String(body["id"]);
  const token = await tokenWith(id, privateKey, alg);
  expect(token.status).toBe(200);
  expect(claimsOf(String(token.body["access_token"]))).toMatchObject({ sub: id, scope: "users:read" });
  const { privateKey: other } = await generateKeyPair(alg);
  expect((await tokenWith(id, other, alg)).status).toBe(401);
});

test("the members of public keys alone are stored", async () => {
  const jwk = await exportJWK((await generateKeyPair("ES256")).publicKey);
  const given = { ...jwk, kid: "one", alg: "ES256", use: "sig", x5c: ["canary"], note: "canary" };
  const { body } = await world.ask(root, add({ keys: [given], comment: "canary" }));
  await using store = await storeBeside(world.server);
  const client = await store.clients.byId(String(body["id"]));
  expect(client?.credentials).toEqual([{ kind: "keys", keys: [{ ...jwk, kid: "one", alg: "ES256" }] }]);
});

/** A key pair's private JWK. */
const privateJwk = (type: "ec" | "rsa" | "ed25519"): Readonly<Record<string, unknown>> => {
  const { privateKey } =
    type === "ec"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : type === "rsa"
        ? generateKeyPairSync("rsa", { modulusLength: 2048 })
        : generateKeyPairSync("ed25519");
  return { ...privateKey.export({ format: "jwk" }) };
};
const { d: _, ...primes } = privateJwk("rsa");

test.each<[string, Readonly<Record<string, unknown>>]>([
  ["P-256", privateJwk("ec")],
  ["Ed25519", privateJwk("ed25519")],
  ["RSA", privateJwk("rsa")],
  ["RSA, by its primes", primes],
  ["a shared secret", { kty: "oct", k: "c2VjcmV0LWNhbmFyeQ" }],
])("a private key is refused, and neither answer nor log repeats it: %s", async (_name, jwk) => {
  const good = await exportJWK((await generateKeyPair("ES256")).publicKey);
  const refused = { status: 422, code: "validation_error" };
  const answer = await world.expectAnswer(root, add({ keys: [good, jwk] }), refused);
  expect(answer.body["message"]).toBe("body.jwks: it holds a private key, which stays with the client");
  const written = answer.text + JSON.stringify(world.server.logged());
  for (const member of ["d", "k", "p", "q", "dp", "dq", "qi"])
    if (jwk[member] !== undefined) expect(written).not.toContain(jwk[member]);
});

const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
const otherCurve = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ format: "jwk" });

test.each<[string, unknown, string]>([
  ["no keys", { keys: [] }, "body.jwks: it holds no key"],
  ["no set", {}, "body.jwks.keys: Field required"],
  ["a text", "canary", "body.jwks: Input should be a valid"],
  ["a text for a key", { keys: ["canary"] }, "body.jwks.keys.0: Input should be a valid"],
  ["a key of no type", { keys: [{ n: "canary" }] }, "body.jwks: expected a public key as a JWK"],
  ["a key of another type", { keys: [{ kty: "canary" }] }, "body.jwks: expected a public key as a JWK"],
  [
    "a point off its curve",
    { keys: [{ kty: "EC", crv: "P-256", x: "AA", y: "AA" }] },
    "expected a public key",
  ],
  ["a short key", { keys: [short] }, "body.jwks: assertions are signed with P-256, Ed25519, or RSA"],
  ["another curve", { keys: [otherCurve] }, "body.jwks: assertions are signed with"],
])("keys are refused with the cause: %s", async (_name, jwks, message) => {
  const answer = await world.expectAnswer(root, add(jwks), { status: 422, code: "validation_error" });
  expect(answer.body["message"]).toContain(message);
  expect(answer.text).not.toContain("canary");
});

test("keys and an address go with the authentication of their names", async () => {
  const jwks = { keys: [await exportJWK((await generateKeyPair("ES256")).publicKey)] };
  const jwks_uri = "https://robot.example/keys";
  for (const [given, field] of [
    [{ authentication: "secret", jwks }, "jwks"],
    [{ authentication: "jwks" }, "jwks"],
    [{ authentication: "jwks_uri", jwks }, "jwks"],
    [{ authentication: "jwks", jwks, jwks_uri }, "jwks_uri"],
    [{ authentication: "none", jwks_uri }, "jwks_uri"],
  ] as const) {
    const { jwks: keys, ...more } = { jwks: undefined, ...given };
    const answer = await world.expectAnswer(root, add(keys, more), { status: 422, code: "validation_error" });
    expect(answer.body["message"]).toBe(
      `body.${field}: ${field} goes with the authentication of the same name`,
    );
  }
});
