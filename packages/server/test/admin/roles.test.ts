import { DatabaseSync } from "node:sqlite";
import { passwords } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Power, powers } from "../../src/core/people/powers.ts";
import { type ApiRequest, claimsOf, send } from "../api/api-case.ts";
import { addClient, allow, form, redemption } from "../api/oauth-world.ts";
import { type AdminWorld, adminWorld } from "./admin-world.ts";

type Method = ApiRequest["method"];
type Role = "support" | "auditor";

/**
 * Every route of the administration: a request that changes nothing, its answer to an allowed caller, the roles besides
 * `admin` that allow it, and the scopes that a machine needs.
 */
const routes: readonly (readonly [Method, string, unknown, number, readonly Role[], readonly Power[]])[] = [
  ["GET", "/users", undefined, 200, ["support", "auditor"], ["users:read"]],
  ["POST", "/users", {}, 422, ["support"], ["users:write"]],
  ["GET", "/users/none", undefined, 404, ["support", "auditor"], ["users:read"]],
  ["PATCH", "/users/none", {}, 404, ["support"], ["users:write"]],
  ["DELETE", "/users/none", undefined, 404, ["support"], ["users:write"]],
  ["POST", "/users/none/disable", undefined, 404, ["support"], ["users:write"]],
  ["POST", "/users/none/enable", undefined, 404, ["support"], ["users:write"]],
  ["POST", "/users/none/unlock", undefined, 404, ["support"], ["users:write"]],
  ["POST", "/users/none/erase", undefined, 404, [], ["users:write", "roles:write"]],
  ["PUT", "/users/none/password", {}, 422, ["support"], ["users:write"]],
  ["POST", "/users/none/reset", undefined, 404, ["support"], ["users:write"]],
  ["GET", "/users/none/sessions", undefined, 404, ["support", "auditor"], ["sessions:read"]],
  ["DELETE", "/users/none/sessions", undefined, 404, ["support"], ["sessions:write"]],
  ["GET", "/users/none/export", undefined, 404, ["auditor"], ["users:read", "sessions:read", "audit:read"]],
  ["GET", "/invitations", undefined, 200, ["support", "auditor"], ["users:read"]],
  ["DELETE", "/invitations/none", undefined, 404, ["support"], ["users:write"]],
  ["POST", "/invitations", {}, 422, ["support"], ["users:write"]],
  ["GET", "/sessions", undefined, 200, ["support", "auditor"], ["sessions:read"]],
  ["GET", "/sessions/none", undefined, 404, ["support", "auditor"], ["sessions:read"]],
  ["DELETE", "/sessions/none", undefined, 404, ["support"], ["sessions:write"]],
  ["GET", "/audit", undefined, 200, ["auditor"], ["audit:read"]],
  ["GET", "/keys", undefined, 200, ["auditor"], ["keys:read"]],
  ["POST", "/keys/rotate", { force: "yes" }, 422, [], ["keys:write"]],
  ["GET", "/clients", undefined, 200, ["auditor"], ["clients:read"]],
  ["POST", "/clients", {}, 422, [], ["clients:write"]],
  ["GET", "/clients/none", undefined, 404, ["auditor"], ["clients:read"]],
  ["DELETE", "/clients/none", undefined, 404, [], ["clients:write"]],
  ["POST", "/clients/none/block", undefined, 404, [], ["clients:write"]],
  ["POST", "/clients/none/unblock", undefined, 404, [], ["clients:write"]],
  ["POST", "/clients/none/secret", undefined, 404, [], ["clients:write"]],
  ["GET", "/resources", undefined, 200, ["auditor"], ["resources:read"]],
  ["GET", "/resources/none", undefined, 404, ["auditor"], ["resources:read"]],
  ["PUT", "/resources/none", {}, 422, [], ["resources:write"]],
  ["DELETE", "/resources/none", undefined, 404, [], ["resources:write"]],
];

let world: AdminWorld;
const tokens = new Map<string, string | undefined>();
beforeAll(async () => {
  world = await adminWorld();
  tokens.set("no token", undefined);
  for (const name of ["alice", "root", "helen", "argus"] as const)
    tokens.set(name, await world.tokenOf(name));
  for (const power of powers) tokens.set(power, await world.machine(power));
  tokens.set("narrow client of root", await world.clientOf("root", "sessions:read keys:read"));
  tokens.set("wide client of helen", await world.clientOf("helen", powers.join(" ")));
});
afterAll(() => world[Symbol.asyncDispose]());

test("the table has every route of the document", async () => {
  const document: { readonly paths: Readonly<Record<string, object>> } = JSON.parse(
    await (await fetch(`${world.server.url}/openapi.json`)).text(),
  );
  const documented = Object.entries(document.paths)
    .filter(([path]) => path.startsWith("/admin/v1"))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  const listed = routes.map(
    ([method, path]) =>
      `${method} /admin/v1${path.replace("none", path.startsWith("/resources") ? "{url}" : "{id}")}`,
  );
  expect(listed.sort()).toEqual(documented.sort());
});

describe.each(routes)("%s %s", (method, path, body, allowed, roles, needed) => {
  const expected: readonly (readonly [caller: string, status: number])[] = [
    ["no token", 401],
    ["alice", 403],
    ["root", allowed],
    ["helen", roles.includes("support") ? allowed : 403],
    ["argus", roles.includes("auditor") ? allowed : 403],
    ...powers.map((power) => [power, needed.every((one) => one === power) ? allowed : 403] as const),
    ["narrow client of root", needed.every((one) => /^(sessions|keys):read$/.test(one)) ? allowed : 403],
    ["wide client of helen", roles.includes("support") ? allowed : 403],
  ];

  test("each caller gets what it may", async () => {
    const answers: (readonly [string, number])[] = [];
    for (const [caller] of expected)
      answers.push([caller, (await world.ask(tokens.get(caller), { method, path, body })).status]);
    expect(answers).toEqual(expected);
  });

  test("a machine with all of its scopes is allowed", async () => {
    const token = await world.machine(...needed);
    expect((await world.ask(token, { method, path, body })).status).toBe(allowed);
  });
});

test("a user whose id is that of an OAuth client is no machine: the roles count", async () => {
  // An import can bring ids that people chose in another system.
  const { id, secret } = await addClient(world.server);
  const database = new DatabaseSync(world.server.database, { timeout: 5_000 });
  database.prepare("update users set id = ? where username = 'bob'").run(id);
  database.close();
  const resource = `${world.server.url}/admin/v1`;
  const person = { username: "bob", password: passwords.bob };
  const allowed = await allow(world.server, id, { scope: powers.join(" "), resource }, undefined, person);
  const answer = await send(
    world.server,
    "",
    form("/oauth/token", redemption(allowed, id, { client_secret: secret })),
  );
  const token = String(answer.body["access_token"]);
  expect(claimsOf(token)).toMatchObject({ sub: id, client_id: id, aud: resource });
  await world.expectAnswer(token, { method: "GET", path: "/users" }, { status: 403, code: "forbidden" });
});
