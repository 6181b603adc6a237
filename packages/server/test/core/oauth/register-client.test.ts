import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LatchkeyError } from "../../../src/core/errors.ts";
import { matches } from "../../../src/core/oauth/redirect-uris.ts";
import { SealedClients } from "../../../src/core/oauth/sealed-clients.ts";
import { createRegisterClient } from "../../../src/core/stories/register-client.ts";
import { MemoryAttemptCounter } from "../../../src/core/throttle/memory-attempt-counter.ts";
import { RequestLimit } from "../../../src/core/throttle/request-limit.ts";
import { deriveKeys } from "../../../src/core/tokens/derived-keys.ts";
import { caller } from "../small-world.ts";
import { knownClients } from "./known-clients.ts";

const sealed = new SealedClients(deriveKeys("a secret that is long enough for this"));

function story(limit = 1_000_000) {
  const counter = new MemoryAttemptCounter(() => 0);
  return createRegisterClient({
    sealed,
    limit: new RequestLimit("registrations", { limit, windowMs: 60_000 }, counter),
  });
}

const register = story();
const redirect_uris = ["http://localhost:8787/callback"];

describe("a registration", () => {
  test.each(knownClients.filter(({ by }) => by === "registration"))(
    "of $name gives an id that opens to the client",
    async ({ name, sent, uses, credentials }) => {
      const answer = await register(sent, caller);
      expect(answer).toMatchObject({ client_name: name, redirect_uris: sent["redirect_uris"] });
      const client = sealed.open(answer.client_id);
      expect(client).toMatchObject({ id: answer.client_id, name, credentials, voucher: { by: "nobody" } });
      for (const used of uses) {
        expect(client?.redirectUris.some((registered) => matches(registered, used))).toBe(true);
      }
    },
  );

  test("drops and replaces what is not known, and answers without null and empty text", async () => {
    const answer = await register(
      {
        redirect_uris,
        client_name: "",
        logo_uri: null,
        scope: "",
        token_endpoint_auth_method: "private_key_jwt",
        grant_types: ["password", "implicit"],
        response_types: ["token"],
        jwks_uri: "https://app.example/jwks",
        client_id: "mine",
        client_secret: "mine",
      },
      caller,
    );
    expect(answer).toEqual({
      client_id: expect.stringMatching(/^lkc_/),
      client_name: "localhost",
      redirect_uris,
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    });
  });

  test("gives a secret that never expires, unless the client says that it needs none", async () => {
    const secret = { client_secret: expect.stringMatching(/^lks_/), client_secret_expires_at: 0 };
    const plain = await register({ redirect_uris }, caller);
    expect(plain).toMatchObject({ ...secret, token_endpoint_auth_method: "client_secret_basic" });
    const post = await register({ redirect_uris, token_endpoint_auth_method: "client_secret_post" }, caller);
    expect(post).toMatchObject({ ...secret, token_endpoint_auth_method: "client_secret_post" });
    const none = await register({ redirect_uris, token_endpoint_auth_method: "none" }, caller);
    expect(Object.keys(none)).not.toContain("client_secret");
    expect(Object.keys(none)).not.toContain("client_secret_expires_at");
  });

  test("of the same program gives the same answer, whatever its port", async () => {
    const first = await register({ redirect_uris, client_name: "Notes" }, caller);
    const again = await register(
      { redirect_uris: ["http://localhost:49152/callback"], client_name: "Notes" },
      caller,
    );
    expect(again).toEqual({ ...first, redirect_uris: ["http://localhost:49152/callback"] });
  });

  test.each([
    [["cursor://anysphere.cursor-mcp/cb"], "cursor"],
    [["https://app.example:8443/cb"], "app.example"],
    [["http://[::1]:1/cb"], "[::1]"],
  ])("without a name is called after its first redirect URI: %s", async (uris, name) => {
    expect(await register({ redirect_uris: uris }, caller)).toMatchObject({ client_name: name });
  });

  test.each([
    ["no redirect URI", {}, "send redirect_uris with 1 to 10 addresses"],
    ["an empty list", { redirect_uris: [] }, "send redirect_uris with 1 to 10 addresses"],
    ["a text", { redirect_uris: "https://app.example/cb" }, "send redirect_uris with 1 to 10 addresses"],
    [
      "eleven",
      { redirect_uris: Array(11).fill("https://app.example/cb") },
      "send redirect_uris with 1 to 10",
    ],
    [
      "plain http",
      { redirect_uris: ["https://app.example/cb", "http://app.example/cb"] },
      "redirect_uris[1] has to be https,",
    ],
    ["a number", { redirect_uris: ["https://app.example/cb", 7] }, "redirect_uris[1] has to be https,"],
    ["a script", { redirect_uris: ["javascript:alert(1)"] }, "redirect_uris[0] has to be https,"],
  ])("with %s is refused, and says why without the sent value", async (_, metadata, fault) => {
    const refusal: unknown = await register(metadata, caller).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "invalid_redirect_uri", message: expect.stringContaining(fault) });
    expect(String(refusal)).not.toMatch(/alert|app\.example/);
  });

  test.each([
    ["an array", []],
    ["null", null],
    ["a text", "x"],
    [
      "URIs that are too long together",
      { redirect_uris: ["a", "b", "c"].map((name) => `https://${name}.example/${"x".repeat(480)}`) },
    ],
  ])("that is %s is refused", async (_, metadata) => {
    await expect(register(metadata, caller)).rejects.toMatchObject({ code: "invalid_client_metadata" });
  });

  test("is limited for each network, also if it is refused", async () => {
    const few = story(2);
    await few({ redirect_uris }, caller);
    await few({}, caller).catch(() => {});
    await expect(few({ redirect_uris }, caller)).rejects.toMatchObject({
      code: "rate_limited",
      retryAfter: 60,
      limit: { policy: "registrations", quota: 2, windowSeconds: 60 },
    });
    await few({ redirect_uris }, { ...caller, address: "192.0.2.2" });
  });

  test("of any shape gives a whole answer, or one of two refusals", async () => {
    const uri = fc.constantFrom(
      ...redirect_uris,
      "https://app.example/cb",
      "app:/cb",
      "http://evil.example/cb",
    );
    const some = fc.record(
      {
        redirect_uris: fc.oneof(fc.array(uri, { maxLength: 12 }), fc.anything()),
        client_name: fc.oneof(fc.string({ unit: "binary" }), fc.anything()),
        token_endpoint_auth_method: fc.oneof(fc.string(), fc.anything()),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(some, fc.anything()), async (metadata) => {
        try {
          const answer = await register(metadata, caller);
          expect(sealed.open(answer.client_id)?.name).toBe(answer.client_name);
          for (const member of Object.values(answer)) expect([null, "", undefined]).not.toContain(member);
        } catch (error) {
          expect(error).toBeInstanceOf(LatchkeyError);
          expect(["invalid_redirect_uri", "invalid_client_metadata"]).toContain(
            error instanceof LatchkeyError && error.code,
          );
        }
      }),
    );
  });
});
