import { authorizationQuery } from "@latchkey/testkit/oauth/client-calls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { powers } from "../../src/core/people/powers.ts";
import { claimsOf, send } from "../api/api-case.ts";
import { addClient, allow, basic, form, redemption, tokensIn } from "../api/oauth-world.ts";
import { type AdminWorld, adminWorld, staff } from "./admin-world.ts";

let world: AdminWorld;
let resource: string;
beforeAll(async () => {
  world = await adminWorld();
  resource = `${world.server.url}/admin/v1`;
});
afterAll(() => world[Symbol.asyncDispose]());

/** The answer of the sign-in page to a client. */
async function pageFor(id: string, scope?: string) {
  const query = authorizationQuery(id, "v".repeat(43));
  query.set("resource", resource);
  if (scope !== undefined) query.set("scope", scope);
  const answer = await fetch(`${world.server.url}/oauth/authorize?${query}`, { redirect: "manual" });
  return { status: answer.status, location: answer.headers.get("location"), html: await answer.text() };
}

/** The powers that a page names. */
const namedOn = (html: string) => powers.filter((power) => html.includes(`>${power}<`));
const scopesOf = (token: string) => String(claimsOf(token)["scope"]).split(" ");
const root = { username: "root", password: staff.root };

describe("a client at the administration", () => {
  test("that asks for no scope is offered all, and the page names each", async () => {
    const { id, secret } = await addClient(world.server);
    const page = await pageFor(id);
    expect(page.status).toBe(200);
    expect(namedOn(page.html)).toEqual(powers);
    const allowed = await allow(world.server, id, { resource }, undefined, root);
    const asked = form("/oauth/token", redemption(allowed, id, { client_secret: secret }));
    const { access } = tokensIn(await send(world.server, "", asked));
    expect(scopesOf(access)).toEqual(["profile", "email", ...powers]);
    expect(claimsOf(access)["aud"]).toBe(resource);
  });

  test("that asks for known scopes is offered these alone", async () => {
    const { id } = await addClient(world.server);
    const page = await pageFor(id, "users:read openid user:write");
    expect(namedOn(page.html)).toEqual(["users:read"]);
  });

  test.each(["user:read", "user:read offline_access", "admin"])(
    "that asks for unknown scopes alone gets invalid_scope: %s",
    async (scope) => {
      const { id } = await addClient(world.server);
      world.server.newEvents();
      const { status, location } = await pageFor(id, scope);
      expect(status).toBe(303);
      const response = new URL(location ?? "").searchParams;
      expect(Object.fromEntries(response)).toMatchObject({ error: "invalid_scope", state: "a state" });
      expect(response.has("code")).toBe(false);
      expect(world.server.newEvents()).toEqual([]);
    },
  );

  test("keeps its refresh token if it asks for unknown scopes alone", async () => {
    const { id, secret } = await addClient(world.server);
    const allowed = await allow(world.server, id, { resource, scope: "users:read" }, undefined, root);
    const client = { client_secret: secret };
    const { refresh } = tokensIn(
      await send(world.server, "", form("/oauth/token", redemption(allowed, id, client))),
    );
    const renewal = (scope?: string) =>
      send(
        world.server,
        "",
        form("/oauth/token", {
          ...{ grant_type: "refresh_token", client_id: id, ...client },
          ...{ refresh_token: refresh, scope },
        }),
      );
    expect(await renewal("user:read")).toMatchObject({ status: 400, body: { error: "invalid_scope" } });
    expect(scopesOf(tokensIn(await renewal()).access)).toEqual(["users:read"]);
  });
});

describe("a machine", () => {
  /** Asks for a token of a machine that holds all powers. */
  async function ask(scope: string | undefined, target = resource) {
    const { id, secret } = await addClient(world.server, { roles: [], scope: powers.join(" ") });
    world.server.newEvents();
    const parameters = { grant_type: "client_credentials", resource: target, scope };
    return send(world.server, "", form("/oauth/token", parameters, basic(id, secret)));
  }

  test.each([
    [undefined, powers],
    ["openid", powers],
    ["users:read user:write", ["users:read"]],
  ])("that asks for %j at the administration gets %j", async (scope, expected) => {
    const { body } = await ask(scope);
    expect(scopesOf(String(body["access_token"]))).toEqual(expected);
    expect(body["scope"]).toBe(expected.join(" "));
  });

  test.each(["/admin/v1", "/mcp"])("that misspells its scope at %s gets no token", async (path) => {
    const answer = await ask("user:read", world.server.url + path);
    expect(answer).toMatchObject({ status: 400, body: { error: "invalid_scope" } });
    expect(answer.body).not.toHaveProperty("access_token");
    expect(world.server.newEvents()).toEqual([]);
  });
});
