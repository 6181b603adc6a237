import { format, inspect } from "node:util";
import { expect, it } from "vitest";
import { HeldToken } from "../../src/mcp/held-token.ts";

const canary = "a-canary-that-is-no-token";
const held = new HeldToken(canary);

it.each([
  ["inspected", () => inspect({ held }, { depth: null, showHidden: true, getters: true })],
  ["inspected through a proxy", () => inspect(new Proxy(held, {}), { showProxy: true, showHidden: true })],
  ["formatted", () => format("%s %o %O %j %d", held, held, held, held, held)],
  ["put into text", () => `${held}`],
  ["serialised", () => JSON.stringify({ held, list: [held] })],
  ["cloned", () => inspect(structuredClone({ held }))],
  ["spread", () => inspect({ ...held, keys: Reflect.ownKeys(held), entries: Object.entries(held) })],
  ["put into an error", () => inspect(new Error("no", { cause: held }))],
])("a held token shows nothing when it is %s", (_how, show) => {
  expect(show()).not.toContain(canary);
});

it("a held token can be compared", () => {
  expect(held.matches(new HeldToken(canary))).toBe(true);
  expect(held.matches(new HeldToken(`${canary}x`))).toBe(false);
  expect(new HeldToken(undefined).matches(new HeldToken(undefined))).toBe(false);
});
