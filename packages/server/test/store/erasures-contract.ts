import { describe, expect, test } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { event, now, session, user } from "./store-rows.ts";

const hour = 3_600_000;

/** The contract of the erasures. The store has the user `alice`. */
export function erasuresContract(storeOf: () => Store): void {
  const pseudonym = "erased:of-alice";
  const erasure = { userId: "user:alice", pseudonym };
  const erased = { ...event("user.erased"), subject: pseudonym };

  const record = (about: object) =>
    storeOf().audit.record({ ...event("login.succeeded"), address: "192.0.2.7", requestId: "r1", ...about });

  const trail = async () => (await storeOf().events.recent({ limit: 100_000 })).events;

  describe("erased users", () => {
    test("leave id, addresses and request ids nowhere in the trail", async () => {
      await record({ subject: "user:alice" });
      await record({ subject: "user:alice", actor: "user:root" });
      await record({ subject: "user:bob", actor: "user:alice" });
      await record({ subject: "user:bob" });
      await record({ subject: "user:alice", address: "cli" });
      await storeOf().users.remove("user:alice", erased, { pseudonym });
      await storeOf().erasures.rewrite(now);
      const events = (await trail()).slice(1).reverse().slice(-5);
      expect(JSON.stringify(await trail())).not.toContain("user:alice");
      expect(
        events.map(({ subject, actor, address, requestId }) => [subject, actor, address, requestId]),
      ).toEqual([
        [pseudonym, undefined, pseudonym, undefined],
        [pseudonym, "user:root", "192.0.2.7", "r1"],
        ["user:bob", pseudonym, pseudonym, undefined],
        ["user:bob", undefined, "192.0.2.7", "r1"],
        [pseudonym, undefined, "cli", undefined],
      ]);
    });

    test("are found in events that are written within the next hour", async () => {
      await storeOf().users.remove("user:alice", erased, { pseudonym });
      await storeOf().erasures.rewrite(now);
      await record({ subject: "user:alice" });
      await storeOf().erasures.rewrite(now + hour / 2);
      expect(JSON.stringify(await trail())).not.toContain("user:alice");
      // The second reading begins after an hour, and the erasure ends with it.
      for (const later of [hour + 1, hour + 2]) await storeOf().erasures.rewrite(now + later);
      await storeOf().erasures.rewrite(now + hour + 3);
      await record({ subject: "user:alice" });
      await storeOf().erasures.rewrite(now + hour + 4);
      expect(JSON.stringify(await trail())).toContain("user:alice");
    });

    test("in a long trail are found by concurrent jobs, batch by batch", async () => {
      await storeOf().users.add(user("bob"), event("user.added"));
      for (let batch = 0; batch < 12; batch++)
        await Promise.all(
          Array.from({ length: 1000 }, (_, n) =>
            record({ subject: n % 10 === 0 ? "user:alice" : "user:carol" }),
          ),
        );
      await record({ subject: "user:bob" });
      await storeOf().users.remove("user:alice", erased, { pseudonym });
      await storeOf().users.remove(
        "user:bob",
        { ...erased, subject: "erased:of-bob" },
        { pseudonym: "erased:of-bob" },
      );
      await Promise.all(Array.from({ length: 3 }, () => storeOf().erasures.rewrite(now)));
      const subjects = (await trail()).map(({ subject }) => subject);
      expect(subjects).not.toContain("user:alice");
      expect(subjects).not.toContain("user:bob");
      expect(subjects.filter((subject) => subject === "user:carol")).toHaveLength(10_800);
      expect(subjects.filter((subject) => subject === pseudonym)).toHaveLength(1201);
    }, 60_000);

    test("take the mails to them along", async () => {
      const content = { kind: "password_changed", at: now } as const;
      const mail = {
        content,
        recipient: "alice@example.com",
        linkId: null,
        language: "en",
        createdAt: now,
      } as const;
      await storeOf().users.setPassword("user:alice", "$new", event("user.password_changed"), {
        mails: [{ ...mail, userId: "user:alice" }],
      });
      expect(await storeOf().outbox.count()).toBe(1);
      await storeOf().users.remove("user:alice", erased, { pseudonym });
      expect(await storeOf().outbox.count()).toBe(0);
    });

    test("take the mails to their address along that name no user", async () => {
      const mail = { recipient: "Alice@example.com", linkId: null, language: "en", createdAt: now } as const;
      const known = { kind: "sign_up_known", username: "alice" } as const;
      const other = { ...mail, recipient: "bob@example.com" };
      const { outbox } = storeOf();
      await outbox.request({ ...mail, content: known, userId: null }, []);
      await outbox.request({ ...mail, content: { kind: "address_taken" }, userId: "user:bob" }, []);
      await outbox.request({ ...other, content: { kind: "sign_up" }, userId: null }, []);
      await storeOf().users.remove("user:alice", erased, { pseudonym });
      expect(await outbox.claim({ at: now, lease: hour, most: 10 })).toMatchObject({ mails: [other] });
    });

    test("take mails of others to their address along when they are removed", async () => {
      const mail = { recipient: "Alice@example.com", linkId: null, language: "en", createdAt: now } as const;
      const { outbox } = storeOf();
      await outbox.request({ ...mail, content: { kind: "address_taken" }, userId: "user:bob" }, []);
      await outbox.request({ ...mail, content: { kind: "verify" }, userId: "user:alice" }, []);
      await storeOf().users.remove("user:alice", event("user.removed"));
      const { mails } = await outbox.claim({ at: now, lease: hour, most: 10 });
      expect(mails).toMatchObject([{ userId: "user:alice" }]);
    });

    test("can be erased after their removal, once", async () => {
      const { erasures, users } = storeOf();
      expect(await erasures.wasGiven("user:alice")).toBe(false);
      expect(await erasures.isRemoved("user:alice")).toBe(false);
      await record({ subject: "user:alice" });
      await storeOf().sessions.open(session("s1"), 0, event("login.succeeded"));
      await users.remove("user:alice", event("user.removed"));
      expect(await erasures.wasGiven("user:alice")).toBe(true);
      expect(await erasures.isRemoved("user:alice")).toBe(true);
      expect(await erasures.removedBefore(now, 10)).toEqual([]);
      expect(await erasures.removedBefore(now + 1, 10)).toEqual(["user:alice"]);
      expect(await erasures.begin(erasure, erased)).toBe(true);
      expect(await erasures.begin(erasure, erased)).toBe(false);
      expect(await erasures.isRemoved("user:alice")).toBe(false);
      expect(await erasures.removedBefore(now + 1, 10)).toEqual([]);
      await erasures.rewrite(now);
      expect(JSON.stringify(await trail())).not.toContain("user:alice");
    });

    test("removed users are forgotten with their events", async () => {
      await storeOf().users.remove("user:alice", event("user.removed"));
      await storeOf().erasures.forgetRemovedBefore(now + 1);
      expect(await storeOf().erasures.removedBefore(now + 1, 10)).toEqual([]);
      expect(await storeOf().erasures.wasGiven("user:alice")).toBe(true);
    });
  });
}
