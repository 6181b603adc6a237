import type { HostAnswer } from "@latchkey/testkit/oauth/document-host";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { caller } from "../core/small-world.ts";
import { DocumentsWorld } from "./documents-world.ts";

const address = "https://app.example/oauth/jwks.json";
const path = new URL(address).pathname;
const first = { kty: "EC", kid: "1" };
const second = { kty: "EC", kid: "2" };
const minute = 60_000;
const unavailable = { code: "client_document_unavailable", status: 503 };

let world: DocumentsWorld;
beforeEach(async () => {
  world = await DocumentsWorld.open();
  world.host.publish(path, { keys: [first] });
});
afterEach(() => world[Symbol.asyncDispose]());

describe("a key set", () => {
  test("is read once while it is fresh", async () => {
    const { keySets } = world.replica();
    expect(await Promise.all([keySets.at(address, caller), keySets.at(address, caller)])).toEqual([
      [first],
      [first],
    ]);
    world.now += 59 * minute;
    expect(await keySets.at(address, caller)).toEqual([first]);
    expect(world.host.asked).toEqual([address]);
  });

  test("is read again for a caller that misses a key, at most once a minute", async () => {
    const { keySets } = world.replica();
    await keySets.at(address, caller);
    world.host.publish(path, { keys: [first, second] });
    const hasSecond = (keys: readonly Readonly<Record<string, unknown>>[]) =>
      keys.some(({ kid }) => kid === "2");
    expect(await keySets.at(address, caller, hasSecond)).toEqual([first]);
    world.now += minute;
    expect(await keySets.at(address, caller, hasSecond)).toEqual([first, second]);
    expect(await keySets.at(address, caller, () => false)).toEqual([first, second]);
    expect(world.host.asked).toEqual([address, address]);
  });

  test("is used for a day if it cannot be read again", async () => {
    const { keySets } = world.replica();
    await keySets.at(address, caller);
    world.fail(path, 503);
    world.now += 24 * 60 * minute - 1;
    expect(await keySets.at(address, caller)).toEqual([first]);
    world.now += 1;
    await expect(keySets.at(address, caller)).rejects.toMatchObject(unavailable);
  });

  const withdrawals: [string, HostAnswer][] = [
    ["404", (_request, response) => response.writeHead(404).end()],
    ["410", (_request, response) => response.writeHead(410).end()],
    ["a redirect", (_request, response) => response.writeHead(302, { location: "/" }).end()],
    ["a page", (_request, response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>")],
  ];

  test.each(withdrawals)("that its host withdrew with %s counts no longer", async (_, answer) => {
    const { keySets } = world.replica();
    await keySets.at(address, caller);
    world.host.answers.set(path, answer);
    world.now += 60 * minute - 1;
    expect(await keySets.at(address, caller)).toEqual([first]);
    world.now += 1;
    await expect(keySets.at(address, caller)).rejects.toMatchObject(unavailable);
    await expect(keySets.at(address, caller)).rejects.toMatchObject(unavailable);
    world.fail(path, 503);
    world.now += minute;
    await expect(keySets.at(address, caller)).rejects.toMatchObject(unavailable);
    expect(world.host.asked).toEqual([address, address, address]);
    world.host.publish(path, { keys: [second] });
    world.now += minute;
    expect(await keySets.at(address, caller)).toEqual([second]);
  });

  test("that its host withdrew is forgotten by a fresh read for a missing key", async () => {
    const { keySets } = world.replica();
    await keySets.at(address, caller);
    world.fail(path, 404);
    world.now += minute;
    await expect(keySets.at(address, caller, () => false)).rejects.toMatchObject(unavailable);
    await expect(keySets.at(address, caller)).rejects.toMatchObject(unavailable);
  });

  test("keeps its keys if its name has no public address for a while", async () => {
    const { keySets } = world.replica();
    await keySets.at(address, caller);
    world.host.addresses.set("app.example", [["0.0.0.0"]]);
    world.now += 60 * minute;
    expect(await keySets.at(address, caller)).toEqual([first]);
    expect(world.host.connected).toHaveLength(1);
  });

  test("that cannot be read is asked for again after a minute", async () => {
    world.fail(path, 403);
    const { keySets } = world.replica();
    await expect(keySets.at(address, caller)).rejects.toMatchObject(unavailable);
    world.host.publish(path, { keys: [first] });
    await expect(keySets.at(address, caller)).rejects.toMatchObject(unavailable);
    world.now += minute;
    expect(await keySets.at(address, caller)).toEqual([first]);
  });

  test.each([
    ["at an inner address", "https://inner.example/jwks"],
    ["on another port", "https://app.example:8443/jwks"],
  ])("%s is never read", async (_, inner) => {
    world.host.addresses.set("inner.example", [["10.0.0.7"]]);
    await expect(world.replica().keySets.at(inner, caller)).rejects.toMatchObject(unavailable);
    expect(world.host.connected).toEqual([]);
  });

  test("of another shape has no keys", async () => {
    world.host.publish(path, { keys: "none" });
    expect(await world.replica().keySets.at(address, caller)).toEqual([]);
  });

  test("shares its limit with documents", async () => {
    const { documents, keySets } = world.replica();
    for (let number = 0; number < 30; number++) {
      await documents.byId(`https://app.example/${number}`, caller).catch(() => {});
    }
    await expect(keySets.at(address, caller)).rejects.toMatchObject({ code: "rate_limited" });
  });
});
