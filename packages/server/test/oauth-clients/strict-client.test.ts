import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hosts, spelled } from "./address-spellings.ts";
import { type Callback, listenForCallback } from "./callback.ts";
import {
  begin,
  type Credentials,
  claimsOf,
  discover,
  errorOf,
  introspected,
  onThisMachine,
  refreshed,
} from "./strict-client.ts";
import { engines, type KnownPerson, type World, Worlds } from "./world.ts";

const guardKey = "a-key-for-the-guards-of-this-test-0123456789";

const worlds = new Worlds();

describe.each(engines)("oauth4webapi on %s", (engine) => {
  let world: World;
  let person: KnownPerson;
  let server: oauth.AuthorizationServer;
  let callback: Callback;
  let redirectUri: string;
  let resource: string;

  beforeAll(async () => {
    world = await worlds.make(engine, { LATCHKEY_GUARD_KEYS: guardKey });
    person = await world.person("alice");
    server = await discover(world.issuer);
    callback = await listenForCallback("127.0.0.1");
    redirectUri = callback.address;
    resource = world.servers["its own tools"];
  });
  afterAll(() => callback[Symbol.asyncDispose]());

  /** A client that has registered itself. */
  async function registered(method: "none" | "client_secret_basic" | "client_secret_post") {
    const answer = await oauth.dynamicClientRegistrationRequest(
      server,
      {
        client_name: `A program with ${method}`,
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: method,
      },
      onThisMachine,
    );
    const client = await oauth.processDynamicClientRegistrationResponse(answer);
    return { client, authentication: authenticationOf(method, String(client["client_secret"])) };
  }

  async function granted(credentials: Credentials, scope?: string) {
    const asked = { redirectUri, resource, ...(scope !== undefined && { scope }) };
    const pending = await begin(server, credentials, asked);
    return pending.finish(await person.allow(pending.address));
  }

  test("both metadata documents are the same", async () => {
    expect(await discover(world.issuer, "oidc")).toEqual(server);
    expect(server).toMatchObject({
      issuer: world.issuer,
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
    });
  });

  test.each(["none", "client_secret_basic", "client_secret_post"] as const)(
    "a client with %s gets tokens for the resource that it named",
    async (method) => {
      const credentials = await registered(method);
      const tokens = await granted(credentials);
      expect(await claimsOf(server, tokens.access_token, resource)).toMatchObject({
        iss: world.issuer,
        aud: resource,
        sub: person.id,
        client_id: credentials.client.client_id,
      });
    },
  );

  test("the announced lifetime is over before the token expires", async () => {
    const { access_token, expires_in = Number.NaN } = await granted(await registered("none"));
    const { exp } = await claimsOf(server, access_token, resource);
    expect(Date.now() / 1000 + expires_in).toBeLessThan(exp);
  });

  test("a response with another issuer, or without one, is not accepted", async () => {
    const pending = await begin(server, await registered("none"), { redirectUri, resource });
    const response = new URL(await person.allow(pending.address));
    for (const issuer of ["https://attacker.example", undefined]) {
      const changed = new URL(response);
      if (issuer === undefined) changed.searchParams.delete("iss");
      else changed.searchParams.set("iss", issuer);
      await expect(pending.finish(changed.href)).rejects.toThrow(/"iss"/);
    }
    expect(await pending.finish(response.href)).toHaveProperty("access_token");
  });

  test("a person who denies is reported to the client", async () => {
    const pending = await begin(server, await registered("none"), { redirectUri, resource });
    const response = await person.deny(pending.address);
    expect(await errorOf(pending.finish(response))).toBe("access_denied");
  });

  test("a code is used up by its first redemption", async () => {
    const pending = await begin(server, await registered("none"), { redirectUri, resource });
    const response = await person.allow(pending.address);
    expect(await pending.finish(response)).toHaveProperty("access_token");
    expect(await errorOf(pending.finish(response))).toBe("invalid_grant");
  });

  test("a refresh token is traded for the next one", async () => {
    const credentials = await registered("none");
    const first = await granted(credentials);
    const next = await refreshed(server, credentials, String(first.refresh_token));
    expect(next.refresh_token).not.toBe(first.refresh_token);
    const claims = await claimsOf(server, next.access_token, resource);
    expect(claims["sid"]).toBe((await claimsOf(server, first.access_token, resource))["sid"]);
  });

  test.each(["access_token", "refresh_token"] as const)("revoking an %s ends the session", async (kind) => {
    const credentials = await registered("none");
    const { client, authentication } = credentials;
    const tokens = await granted(credentials);
    const answer = await oauth.revocationRequest(
      ...[server, client, authentication, String(tokens[kind])],
      onThisMachine,
    );
    await oauth.processRevocationResponse(answer);
    const again = refreshed(server, credentials, String(tokens.refresh_token));
    expect(await errorOf(again)).toBe("invalid_grant");
    expect(await introspected(server, guardKey, tokens.access_token)).toMatchObject({ active: false });
  });

  test.each(hosts)(
    "the challenge of %s leads to this issuer, and a token opens the resource until its session ends",
    async (host) => {
      const dialled = spelled(resource, host);
      const refused = await call(dialled, initialize);
      expect(refused.status).toBe(401);
      const metadataUrl = /resource_metadata="([^"]+)"/.exec(
        refused.headers.get("www-authenticate") ?? "",
      )?.[1];
      const answer = await fetch(metadataUrl ?? "");
      const metadata = await oauth.processResourceDiscoveryResponse(new URL(dialled), answer);
      expect(metadata.authorization_servers).toEqual([world.issuer]);

      const credentials = await registered("none");
      /** Signs the person in, and uses the resource. @returns the token and its session */
      const signIn = async () => {
        const pending = await begin(server, credentials, { redirectUri, resource: metadata.resource });
        const { access_token } = await pending.finish(await person.allow(pending.address));
        expect((await call(dialled, initialize, access_token)).status).toBe(200);
        expect(await resultOf(call(dialled, listTools, access_token))).toMatchObject({
          tools: expect.arrayContaining([expect.objectContaining({ name: "who_am_i" })]),
        });
        expect(await resultOf(call(dialled, whoAmI, access_token))).toMatchObject({
          structuredContent: { username: person.username },
        });
        const { sid } = await claimsOf(server, access_token, resource);
        return { access_token, sid: String(sid) };
      };
      const { access_token, sid } = await signIn();

      await world.operator(["session", "end", sid]);
      const ended = async () => (await call(dialled, whoAmI, access_token)).headers.get("www-authenticate");
      await expect.poll(ended, { timeout: 5_000 }).toMatch(/error="invalid_token".*resource_metadata=/);
      for (const message of [initialize, listTools, whoAmI]) {
        expect((await call(dialled, message, access_token)).status).toBe(401);
      }
      expect((await signIn()).sid).not.toBe(sid);
      expect((await call(dialled, whoAmI, access_token)).status).toBe(401);
    },
  );

  test("introspection tells a resource server about a token", async () => {
    const credentials = await registered("none");
    const tokens = await granted(credentials);
    expect(await introspected(server, guardKey, tokens.access_token)).toMatchObject({
      active: true,
      iss: world.issuer,
      aud: resource,
      sub: person.id,
      client_id: credentials.client.client_id,
      username: person.username,
    });
    expect(await introspected(server, guardKey, "a-text-that-is-not-a-token")).toEqual({ active: false });
  });
});

function authenticationOf(method: string, secret: string): oauth.ClientAuth {
  if (method === "none") return oauth.None();
  return method === "client_secret_basic" ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret);
}

const initialize = {
  method: "initialize",
  params: {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "a strict client", version: "1.0.0" },
  },
};
const listTools = { method: "tools/list" };
const whoAmI = { method: "tools/call", params: { name: "who_am_i", arguments: {} } };

/** Sends a request of an MCP client. */
async function call(address: string, message: object, token?: string): Promise<Response> {
  return fetch(address, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-06-18",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
  });
}

/** The result in an answer, which is one JSON text or one event. */
async function resultOf(answer: Promise<Response>): Promise<unknown> {
  const text = await (await answer).text();
  const { result }: { result?: unknown } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text);
  return result;
}
