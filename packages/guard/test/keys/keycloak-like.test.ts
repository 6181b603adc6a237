import { codeOf, start } from "@latchkey/testkit/mcp/issuer";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect, test } from "vitest";
import { json, OwnIssuer } from "../own-issuer.ts";

const signing = await generateKeyPair("RS256", { extractable: true });
const encryption = await generateKeyPair("RSA-OAEP", { extractable: true });

/** A realm with discovery, keys and tokens in Keycloak's form. */
async function realm() {
  const issuer = await OwnIssuer.start();
  const iss = `${issuer.url}/realms/demo`;
  const certs = `${iss}/protocol/openid-connect/certs`;
  issuer.answers.set(
    "/realms/demo/.well-known/openid-configuration",
    json(() => ({ issuer: iss, jwks_uri: certs, id_token_signing_alg_values_supported: ["RS256", "HS256"] })),
  );
  const x5c = { x5c: ["MIIC"], x5t: "AAAA", "x5t#S256": "AAAA" };
  const keys = [
    { kid: "enc", ...(await exportJWK(encryption.publicKey)), alg: "RSA-OAEP", use: "enc", ...x5c },
    { kid: "sig", ...(await exportJWK(signing.publicKey)), alg: "RS256", use: "sig", ...x5c },
  ];
  issuer.answers.set(
    "/realms/demo/protocol/openid-connect/certs",
    json(() => ({ keys })),
  );
  const guard = issuer.guard({ issuer: iss, audience: "account" });
  const token = (
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key = signing.privateKey,
  ) =>
    new SignJWT({
      exp: start + 60,
      iat: start,
      jti: "onrtac:1",
      iss,
      aud: "account",
      sub: "f:1:alice",
      typ: "Bearer",
      azp: "notes",
      sid: "session-1",
      acr: "1",
      realm_access: { roles: ["offline_access", "user"] },
      resource_access: { account: { roles: ["manage-account"] } },
      scope: "openid profile",
      preferred_username: "alice",
      ...claims,
    })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: "sig", ...header })
      .sign(key);
  return { issuer, guard, token, [Symbol.asyncDispose]: () => issuer[Symbol.asyncDispose]() };
}

test("a token of a Keycloak realm names its principal, with the realm's roles", async () => {
  await using own = await realm();
  await using guard = own.guard;
  expect(await guard.verify(await own.token())).toMatchObject({
    userId: "f:1:alice",
    username: "alice",
    roles: ["user"],
    scopes: ["openid", "profile"],
    sessionId: "session-1",
  });
  expect(guard.health()).toMatchObject({ ok: true, keys: { known: 1 }, revocations: { state: "none" } });
});

test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
  ["an ID token", { typ: "ID" }, {}],
  ["a refresh token", { typ: "Refresh" }, {}],
  ["one without a type", { typ: undefined }, {}],
  ["one that names the key for encryption", {}, { kid: "enc" }],
  ["one of another realm", { iss: "http://127.0.0.1/realms/other" }, {}],
  ["one for another client", { aud: "other" }, {}],
  ["one that is signed in another way", {}, { alg: "PS256" }],
])("a token is refused: %s", async (_what, claims, header) => {
  await using own = await realm();
  await using guard = own.guard;
  const { alg } = header;
  const key = alg === "PS256" ? (await generateKeyPair("PS256")).privateKey : signing.privateKey;
  expect(await codeOf(guard.verify(await own.token(claims, header, key)))).toBe("invalid_token");
});
