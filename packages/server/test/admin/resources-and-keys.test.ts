import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { storeBeside } from "../api/oauth-world.ts";
import { type AdminWorld, adminWorld } from "./admin-world.ts";

let world: AdminWorld;
let root: string;
beforeAll(async () => {
  world = await adminWorld();
  root = await world.tokenOf("root");
});
afterAll(() => world[Symbol.asyncDispose]());

const url = "https://notes.example.com/mcp?tenant=a%2Fb";
const path = `/resources/${encodeURIComponent(url)}` as const;

test("a resource is administered by its percent-encoded URL", async () => {
  const put = (body: object) => ({ method: "PUT", path, body }) as const;
  const added = await world.expectAnswer(root, put({ name: "Notes", scopes: ["notes:read"] }), {
    status: 200,
    body: { url, name: "Notes", scopes: ["notes:read"] },
    events: ["resource.added"],
  });
  expect((await world.ask(root, { method: "GET", path })).body).toEqual(added.body);
  await world.expectAnswer(root, put({ scopes: [] }), {
    status: 200,
    body: { name: null, scopes: [] },
    events: ["resource.added"],
  });
  const list = await world.ask(root, { method: "GET", path: "/resources" });
  expect(list.body["items"]).toMatchObject([{ url }]);
  await world.expectAnswer(root, { method: "DELETE", path }, { status: 200, events: ["resource.removed"] });
  await world.expectAnswer(root, { method: "DELETE", path }, { status: 404, code: "not_found" });
});

test("a text that is no URL is refused with the rule", async () => {
  const answer = await world.ask(root, { method: "PUT", path: "/resources/notes", body: { scopes: [] } });
  expect(answer.status).toBe(422);
  expect(answer.text).toContain("a resource is named by");
});

describe("a URL of the server itself", () => {
  const spellings = [
    (own: string) => own,
    (own: string) => `${own}/`,
    (own: string) => own.replace("http:", "HTTP:"),
    (own: string) => own.replace("127.0.0.1", "LocalHost"),
  ];

  test.each([
    ["the administration", "/admin/v1", "is the administration of this server"],
    ["its tools", "/mcp", "has the tools of this server"],
    ["the issuer", "", "is the issuer"],
  ])("is refused in each spelling: %s", async (_name, path, cause) => {
    for (const spelt of spellings) {
      const own = spelt(`${world.server.url}${path}`);
      const request = {
        method: "PUT",
        path: `/resources/${encodeURIComponent(own)}`,
        body: { scopes: ["x"] },
      } as const;
      const answer = await world.expectAnswer(root, request, { status: 422, code: "validation_error" });
      expect(answer.body["message"]).toContain(`${own} ${cause}`);
    }
    expect((await world.ask(root, { method: "GET", path: "/resources" })).body["items"]).toEqual([]);
  });

  test("at /mcp is another server's if the tools are off", async () => {
    await using other = await adminWorld({ MCP: "off" });
    const path = `/resources/${encodeURIComponent(`${other.server.url}/mcp`)}` as const;
    const put = { method: "PUT", path, body: { scopes: [] } } as const;
    await other.expectAnswer(await other.tokenOf("root"), put, { status: 200, events: ["resource.added"] });
  });

  test("that an earlier version added is removed", async () => {
    const url = `${world.server.url}/mcp`;
    await addBeside(url);
    const remove = { method: "DELETE", path: `/resources/${encodeURIComponent(url)}` } as const;
    await world.expectAnswer(root, remove, { status: 200, events: ["resource.removed"] });
  });
});

/** Adds a resource past the rules of the administration. */
async function addBeside(url: string): Promise<void> {
  await using store = await storeBeside(world.server);
  const at = world.server.now();
  const event = { name: "resource.added", at, address: "cli", subject: url } as const;
  await store.resources.put({ url, name: null, scopes: ["nothing"], createdAt: at }, event);
  await world.server.server.backgroundJobs.poll();
}

test("the scopes of the administration are its powers, whatever the table says", async () => {
  await addBeside(`${world.server.url}/admin/v1`);
  const token = await world.machine("keys:read");
  expect((await world.ask(token, { method: "GET", path: "/keys" })).status).toBe(200);
});

test("keys are listed without their private part, and rotated", async () => {
  const keys = { method: "GET", path: "/keys" } as const;
  const before = await world.ask(root, keys);
  const states = JSON.parse(before.text).items.map(({ state }: { readonly state: string }) => state);
  expect(states.sort()).toEqual(["next", "signs"]);
  expect(Object.keys(JSON.parse(before.text).items[0]).sort()).toEqual(
    ["activated_at", "alg", "created_at", "keep_until", "kid", "retired_at", "state"].sort(),
  );
  const rotate = (force: boolean) => ({ method: "POST", path: "/keys/rotate", body: { force } }) as const;
  const events = ["key.rotated"];
  await world.expectAnswer(root, rotate(false), { status: 200, events });
  const early = await world.expectAnswer(root, rotate(false), { status: 409, code: "rotation_too_early" });
  expect(Number(early.headers.get("retry-after"))).toBeGreaterThan(100);
  const forced = await world.expectAnswer(root, rotate(true), { status: 200, events });
  expect(forced.text.match(/"retired"/g)).toHaveLength(2);
});

test("a rotation stands in the trail with its reason and the administrator", async () => {
  world.server.newEvents();
  await world.ask(root, { method: "POST", path: "/keys/rotate", body: { force: true } });
  expect(world.server.newEvents()).toEqual([
    expect.objectContaining({
      name: "key.rotated",
      reason: "administrator",
      actor: expect.stringContaining("root"),
    }),
  ]);
});
