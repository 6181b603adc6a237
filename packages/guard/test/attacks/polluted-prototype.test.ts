import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { polluted } from "@latchkey/testkit/polluted";
import { Client } from "@modelcontextprotocol/client";
import { fromJsonSchema, InMemoryTransport, McpServer } from "@modelcontextprotocol/server";
import { exportJWK } from "jose";
import { describe, expect, test } from "vitest";
import { readEvent, readPage } from "../../src/feed/feed-messages.ts";
import { allow, createGuard, type Principal } from "../../src/index.ts";
import { readMetadata } from "../../src/issuer/discovery.ts";
import { readKeySet } from "../../src/issuer/key-set.ts";
import { guardTools } from "../../src/mcp/index.ts";
import {
  ecSigner,
  encoded,
  goodClaims,
  goodHeader,
  guardOf,
  handMade,
  issuer,
  partsOf,
} from "./hand-made.ts";

// The attacker has made another library put a member on Object.prototype.

const signer = ecSigner();
const guard = guardOf({ k1: signer });

/** A token that lacks these members, in header and claims. */
function lacking(...names: string[]): string {
  const without = (part: object) =>
    Object.fromEntries(Object.entries(part).filter(([name]) => !names.includes(name)));
  return handMade(without(goodHeader), without(goodClaims), signer.sign);
}

describe("an inherited member does not count as a claim", () => {
  test.each<[string, unknown, Partial<Principal>]>([
    ["roles", ["admin"], { roles: [] }],
    ["scope", "notes:write", { scopes: [] }],
    ["sid", "another-session", { sessionId: undefined }],
    ["preferred_username", "root", { username: "user:alice" }],
    ["realm_access", { roles: ["admin"] }, { roles: [] }],
    ["resource_access", { api: { roles: ["admin"] } }, { roles: [] }],
  ])("%s", async (name, value, expected) => {
    const token = lacking(name, "roles");
    const forApi = guardOf({ k1: signer }, { audience: [issuer.audience, "api"] });
    const principal = await polluted(name, value, () => forApi.verify(token));
    expect(principal).toMatchObject(expected);
    const claimed = await polluted(name, value, () => principal.claims[name]);
    expect(claimed).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ["iss", issuer.issuer],
    ["aud", issuer.audience],
    ["sub", "user:root"],
    ["exp", 9_999_999_999],
    ["alg", "ES256"],
    ["kid", "k1"],
    ["typ", "at+jwt"],
  ])("%s: a token that lacks it is refused", async (name, value) => {
    const token = lacking(name);
    expect(await polluted(name, value, () => codeOf(guard.verify(token)))).toBe("invalid_token");
  });

  test.each(["azp", "client_id"])("%s", async (name) => {
    const forClient = guardOf({ k1: signer }, { authorizedParty: "app" });
    const token = lacking("azp", "client_id");
    expect(await polluted(name, "app", () => codeOf(forClient.verify(token)))).toBe("invalid_token");
  });

  test.each<[string, unknown]>([
    ["crit", ["x"]],
    ["nbf", 9_999_999_999],
    ["iat", "never"],
    ["sid", ""],
  ])("%s: a good token without it stays good", async (name, value) => {
    const token = lacking(name);
    expect(await polluted(name, value, () => codeOf(guard.verify(token)))).toBe("accepted");
  });

  test("a member of a nested claim", async () => {
    const claims = { ...goodClaims, realm_access: {}, resource_access: { api: {} } };
    const token = handMade(goodHeader, claims, signer.sign);
    const forApi = guardOf({ k1: signer }, { audience: [issuer.audience, "api"] });
    expect((await polluted("roles", ["admin"], () => forApi.verify(token))).roles).toEqual(
      goodClaims["roles"],
    );
  });
});

// A library that keeps an optional value at index 2 of an array would verify the inherited bytes.
test.each(["list", "bytes"])("an inherited %s does not replace the signed claims", async (kind) => {
  const [header, claims, signature] = partsOf(handMade(goodHeader, goodClaims, signer.sign));
  const forged = `${header}.${encoded({ ...goodClaims, roles: ["admin"] })}.${signature}`;
  const bytes = Buffer.from(claims);
  const inherited = kind === "bytes" ? bytes : [...bytes];
  expect(await polluted("2", inherited, () => codeOf(guard.verify(forged)))).toBe("invalid_token");
});

describe("an inherited member does not count as sent by the issuer", () => {
  test("a kid of a key", async () => {
    const jwk = { ...(await exportJWK(signer.publicKey)), use: "sig" };
    const read = () => readKeySet({ keys: [jwk] }, ["ES256"]);
    expect((await polluted("kid", "k1", read)).byKid.size).toBe(0);
  });

  test("the keys of a key set", async () => {
    const jwk = { ...(await exportJWK(signer.publicKey)), kid: "k1" };
    const read = () => readKeySet({}, ["ES256"]).catch(() => "no key set");
    expect(await polluted("keys", [jwk], read)).toBe("no key set");
  });

  test("a member of the discovery document", async () => {
    const at = "https://login.example";
    const evil = "https://evil.example/keys";
    const read = (document: object) => () => {
      try {
        return readMetadata(document, at);
      } catch (error) {
        return String(error);
      }
    };
    expect(await polluted("issuer", at, read({ jwks_uri: `${at}/k` }))).toContain("discovery");
    expect(await polluted("jwks_uri", evil, read({ issuer: at }))).toContain("jwks_uri is missing");
    const named = read({ issuer: at, jwks_uri: `${at}/k` });
    expect(await polluted("latchkey_revocations_endpoint", `${at}/feed`, named)).toMatchObject({
      feed: undefined,
    });
  });

  test("a member of the feed's messages", async () => {
    const ended = '{"number":1,"sessionId":"s"}';
    const thrown = (work: () => unknown) => () => {
      try {
        return work();
      } catch (error) {
        return String(error);
      }
    };
    const message = thrown(() => readEvent("session.ended", "1", ended));
    expect(await polluted("until", 1, message)).toContain("until is not a whole number");
    const page = thrown(() => readPage({ revocations: [], cursor: 1 }));
    expect(await polluted("more", false, page)).toContain("more is missing");
  });
});

describe("an inherited member does not count as sent by a caller", () => {
  const token = handMade(goodHeader, goodClaims, signer.sign);

  test("a header", async () => {
    const express = guard.express();
    const request = { method: "GET", url: "/", headers: {}, rawHeaders: [] };
    const status = await polluted(
      "authorization",
      `Bearer ${token}`,
      () =>
        new Promise((resolve) => {
          const response = {
            statusCode: 200,
            setHeader: () => {},
            end: () => resolve(response.statusCode),
          };
          express(request, response, () => resolve("let in"));
        }),
    );
    expect(status).toBe(401);
  });

  test("an argument of a tool, and a token in its field", async () => {
    const seen: unknown[] = [];
    const server = guardTools(new McpServer({ name: "s", version: "1" }), {
      guard,
      tokenField: "token",
      tools: { end: allow.all() },
    });
    const inputSchema = fromJsonSchema<{ everywhere?: boolean }>({
      type: "object",
      properties: { everywhere: { type: "boolean" } },
    });
    server.registerTool("end", { inputSchema }, ({ everywhere }) => {
      seen.push(everywhere);
      return { content: [] };
    });
    const [near, far] = InMemoryTransport.createLinkedPair();
    const client = new Client({ name: "c", version: "1" });
    await server.connect(far);
    await client.connect(near);
    const end = (args: object) => () => client.callTool({ name: "end", arguments: { ...args } });
    await polluted("everywhere", true, end({ token }), false);
    expect(seen).toEqual([undefined]);
    const denied = await polluted("token", token, end({}), false);
    expect(denied).toMatchObject({ isError: true, _meta: { "latchkey/code": "missing_token" } });
    await client.close();
  });
});

describe("an inherited member does not count as an option", () => {
  const scoped = allow.scopes("notes:write");
  const token = handMade(goodHeader, { ...goodClaims, scope: "openid" }, signer.sign);

  test("of a guard: scopes that imply others", async () => {
    const handler = await polluted("implies", { openid: ["notes:write"] }, () =>
      guardOf({ k1: signer }).fetch(() => new Response("let in"), scoped),
    );
    const request = new Request("http://a", { headers: { authorization: `Bearer ${token}` } });
    expect((await handler(request)).status).toBe(403);
  });

  test("of a guard: a list of ended sessions that is always empty", async () => {
    const options = { issuer: "http://127.0.0.1:9", fetch: () => Promise.reject(new Error("not there")) };
    const made = await polluted("revocations", { isRevoked: () => false }, () => createGuard(options));
    expect(made.health().revocations.state).not.toBe("given");
    made.close();
  });

  test("of a rule that was read from a file", async () => {
    const rule = JSON.parse("{}");
    const made = await polluted("kind", "all", () =>
      polluted("rules", [], () => {
        try {
          return guard.express(rule);
        } catch (error) {
          return String(error);
        }
      }),
    );
    expect(made).toContain("not a rule");
  });
});
