import { describe, expect, test } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { event } from "./store-rows.ts";

/** The contract of every store for failures of a password in a row. */
export function passwordFailuresContract(opened: () => Store): void {
  describe("failures of a password in a row", () => {
    const failures = () => opened().passwordFailures;
    const alice = "user:alice";

    test("each attempt counts, of each key by itself, until a success", async () => {
      expect(await failures().begin(alice)).toBe(1);
      expect(await failures().begin(alice)).toBe(2);
      expect(await failures().begin("unknown:0f")).toBe(1);
      await failures().reset(alice);
      expect(await failures().begin(alice)).toBe(1);
      expect(await failures().begin("unknown:0f")).toBe(2);
    });

    test("twenty attempts at once count as twenty", async () => {
      await Promise.all(Array.from({ length: 20 }, () => failures().begin(alice)));
      expect(await failures().begin(alice)).toBe(21);
    });

    test("an attempt without an outcome is taken back, and never below zero", async () => {
      await failures().begin(alice);
      await failures().takeBack(alice);
      await failures().takeBack(alice);
      expect(await failures().begin(alice)).toBe(1);
    });

    test("a new password begins without failures", async () => {
      await failures().begin(alice);
      await failures().begin(alice);
      await opened().users.setPassword(alice, "$argon2id$second", event("user.password_changed"));
      expect(await failures().begin(alice)).toBe(1);
      expect(await failures().begin(alice)).toBe(2);
    });

    test("a new hash of the same password changes nothing", async () => {
      await failures().begin(alice);
      const { holder } = await opened().users.forSignIn({ key: "alice", older: ["alice", "alice"] }, "-");
      if (holder === undefined) throw new Error("alice is not there");
      await opened().users.upgradeHash(holder, "$argon2id$dearer");
      expect(await failures().begin(alice)).toBe(2);
    });

    test("a removed user leaves no count", async () => {
      await failures().begin(alice);
      await opened().users.remove(alice, event("user.removed"));
      expect(await failures().begin(alice)).toBe(1);
      // The attempt of a login in flight: a row of it would keep the name of an erased user for ever.
      expect(await failures().begin(alice)).toBe(1);
    });
  });
}
