import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Callback, listenForCallback } from "./callback.ts";
import { begin, type Credentials, claimsOf, discover, onThisMachine, refreshed } from "./strict-client.ts";
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
    expect(await introspected(tokens.access_token)).toMatchObject({ active: false });
  });

  test("introspection tells a resource server about a token", async () => {
    const credentials = await registered("none");
    const tokens = await granted(credentials);
    expect(await introspected(tokens.access_token)).toMatchObject({
      active: true,
      iss: world.issuer,
      aud: resource,
      sub: person.id,
      client_id: credentials.client.client_id,
      username: person.username,
    });
    expect(await introspected("a-text-that-is-not-a-token")).toEqual({ active: false });
  });

  /** Asks as a resource server that holds a guard key. */
  async function introspected(token: string): Promise<oauth.IntrospectionResponse> {
    const guard = { client_id: "guard" };
    const authentication = oauth.ClientSecretBasic(guardKey);
    const answer = await oauth.introspectionRequest(server, guard, authentication, token, onThisMachine);
    return oauth.processIntrospectionResponse(server, guard, answer);
  }

  describe("a machine", () => {
    const grants = ["--grant", "client_credentials", "--role", "robot"];

    async function machineToken({ client, authentication }: Credentials): Promise<string> {
      const answer = await oauth.clientCredentialsGrantRequest(
        ...[server, client, authentication, { resource }],
        onThisMachine,
      );
      return (await oauth.processClientCredentialsResponse(server, client, answer)).access_token;
    }

    /** The token names the machine, and dies with it. */
    async function expectMachine(credentials: Credentials): Promise<void> {
      const clientId = credentials.client.client_id;
      const token = await machineToken(credentials);
      expect(await claimsOf(server, token, resource)).toMatchObject({
        sub: clientId,
        client_id: clientId,
        roles: ["robot"],
      });
      await world.operator(["client", "block", clientId]);
      expect(await errorOf(machineToken(credentials))).toBe("invalid_client");
      await expect.poll(() => introspected(token), { timeout: 5_000 }).toMatchObject({ active: false });
    }

    test("gets a token with its secret, until it is blocked", async () => {
      const { id, secret } = await world.addClient("robot with secret", ["--secret", ...grants]);
      await expectMachine({ client: { client_id: id }, authentication: oauth.ClientSecretBasic(secret) });
    });

    test("gets a token with its key, until it is blocked", async () => {
      const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const file = world.path(`${engine}.pem`);
      writeFileSync(file, publicKey.export({ type: "spki", format: "pem" }));
      const { id } = await world.addClient("robot with key", ["--public-key", file, ...grants]);
      const algorithm = { name: "ECDSA", namedCurve: "P-256" };
      const key = privateKey.toCryptoKey(algorithm, false, ["sign"]);
      await expectMachine({ client: { client_id: id }, authentication: oauth.PrivateKeyJwt(key) });
    });
  });
});

function authenticationOf(method: string, secret: string): oauth.ClientAuth {
  if (method === "none") return oauth.None();
  return method === "client_secret_basic" ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret);
}

/** The OAuth error with which a request is refused. */
async function errorOf(work: Promise<unknown>): Promise<unknown> {
  const error = await work.then(
    () => new Error("the request was not refused"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError)
    return error.error;
  // The library reports a challenge first, and leaves the body to the caller.
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    const body: { error: string } = JSON.parse(await error.response.text());
    return body.error;
  }
  throw error;
}
