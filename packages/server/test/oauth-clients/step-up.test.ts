import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hosts, spelled } from "./address-spellings.ts";
import { Browser } from "./browser.ts";
import { mcpRemote } from "./peers/mcp-remote.ts";
import { python } from "./peers/python.ts";
import { typeScript } from "./peers/typescript.ts";
import { type ScopedNotes, startScopedNotes } from "./scoped-notes.ts";
import { type KnownPerson, type World, Worlds } from "./world.ts";

const worlds = new Worlds();
let world: World;
let notes: ScopedNotes;
let person: KnownPerson;

beforeAll(async () => {
  world = await worlds.make("SQLite");
  notes = await startScopedNotes(world.issuer);
  await world.operator(["resource", "add", notes.address, "--scope", "notes:read", "--scope", "notes:write"]);
  person = await world.person("alice");
});
afterAll(() => notes[Symbol.asyncDispose]());

/** Version 1 of the TypeScript SDK refreshes instead, and gives up: it cannot step up with a refresh token. */
const canStepUp = [...typeScript, ...python, mcpRemote].filter(
  ({ name }) => name !== "the TypeScript SDK v1",
);
const ways = canStepUp.flatMap((kind) => hosts.map((host) => ({ kind, host, client: kind.name })));

describe("a tool that needs a further scope", () => {
  test.concurrent.each(ways)("makes $client at $host ask once more", async ({ kind, host, client }) => {
    await using browser = await Browser.of(person);
    const address = spelled(notes.address, host);
    await using peer = await kind.connect({ address, browser, clientName: `${client} at ${host}` });

    expect(await peer.call("read_notes")).toBe("alice: notes:read");
    expect(browser.opened).toHaveLength(1);
    expect(await peer.call("write_notes")).toBe("alice: notes:read notes:write");
    expect(await peer.call("read_notes")).toBe("alice: notes:read notes:write");
    expect(browser.opened).toHaveLength(2);
    browser.assertNoFailure();
  });
});
