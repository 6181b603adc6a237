import { testServer } from "@latchkey/testkit/server/test-server";
import { expect, test } from "vitest";

test("without the authorization server, discovery names issuer and keys alone", async () => {
  await using server = await testServer({ OAUTH: "off" });
  const response = await fetch(`${server.url}/.well-known/openid-configuration`);
  const metadata = (await response.json()) as Record<string, unknown>;
  expect(metadata).toMatchObject({
    issuer: server.url,
    jwks_uri: `${server.url}/.well-known/jwks.json`,
    latchkey_revocations_endpoint: `${server.url}/revocations`,
  });
  // RFC 8414 §2: a member with an empty array must be left out.
  expect(Object.values(metadata).filter((value) => Array.isArray(value) && value.length === 0)).toEqual([]);
  for (const absent of [
    ...["authorization_endpoint", "token_endpoint", "scopes_supported", "response_types_supported"],
    ...["grant_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"],
  ]) {
    expect(metadata).not.toHaveProperty(absent);
  }
});
