import { expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { generatedReplicaId, replicaId } from "../../src/config/replica-id.ts";

test.each(["latchkey-1", "a", "login.eu_2", "7", "x".repeat(64)])("the id %s is accepted", (given) => {
  expect(readConfig({ LATCHKEY_REPLICA: given }).replica).toBe(given);
});

test.each(["-a", "a.", "a b", "blue,green", 'say"', "ä", "x".repeat(65)])(
  "the id %s is refused in one line with its form",
  (given) => {
    expect(() => readConfig({}, { replica: given })).toThrow(
      `--replica=${given}: expected a name such as latchkey-1`,
    );
  },
);

test("without the setting the id is the host's name and six random digits", () => {
  expect(generatedReplicaId("latchkey-7d9f8-x2x4z.example.com")).toMatch(/^latchkey-7d9f8-x2x4z-[\da-f]{6}$/);
  expect(readConfig({}).replica).toMatch(/-[\da-f]{6}$/);
});

test.each(["", "…", "a".repeat(200), "_under_", "-dash-", "ünï cödé"])(
  "the host name %s leads to an id that is accepted",
  (host) => {
    const id = generatedReplicaId(host);
    expect(replicaId(id)).toBe(id);
  },
);

test("two processes with one host name have different ids", () => {
  expect(generatedReplicaId("pod")).not.toBe(generatedReplicaId("pod"));
});
