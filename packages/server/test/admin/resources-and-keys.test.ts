import { afterAll, beforeAll, expect, test } from "vitest";
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

test("the scopes of the administration are its powers, whatever the table says", async () => {
  const own = `/resources/${encodeURIComponent(`${world.server.url}/admin/v1`)}` as const;
  await world.ask(root, { method: "PUT", path: own, body: { scopes: ["nothing"] } });
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
