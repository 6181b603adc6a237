import { describe, expect, test } from "vitest";
import type { AuditEventName } from "../../src/core/audit-events.ts";
import type { Arrival } from "../../src/core/mail/arrivals.ts";
import type { Store } from "../../src/store/store.ts";
import { event, now, session } from "./store-rows.ts";

const arrival = (number: number, change: Partial<Arrival> = {}): Arrival => ({
  userId: "user:alice",
  digest: `digest-${number}`,
  lastSeenAt: now + number,
  mails: [],
  ...change,
});

/** The contract of every store for the addresses that users have signed in from. */
export function knownAddressesContract(opened: () => Store, heard: () => readonly AuditEventName[]): void {
  describe("known addresses", () => {
    const open = (number: number, recorded?: Arrival, revision = 0) =>
      opened().sessions.open(session(`of-${number}`), revision, event("login.succeeded"), [], recorded);
    const known = () => opened().knownAddresses.of("user:alice");

    test("are recorded with the session, and the notice with them", async () => {
      const mail = {
        content: { kind: "new_address", at: now, address: "192.0.2.1" },
        recipient: "alice@example.com",
        userId: "user:alice",
        linkId: null,
        language: "en",
        createdAt: now,
      } as const;
      expect(await open(1, arrival(1, { mails: [mail] }))).toBe(true);
      expect(await known()).toEqual([{ digest: "digest-1", lastSeenAt: now + 1 }]);
      expect(await opened().outbox.count()).toBe(1);
    });

    test("of a refused session are not recorded, and no notice is", async () => {
      expect(await open(1, arrival(1), 7)).toBe(false);
      expect(await known()).toEqual([]);
      expect(await opened().outbox.count()).toBe(0);
      expect(heard()).toEqual([]);
    });

    test("are seen again without a second row", async () => {
      await open(1, arrival(1));
      await open(2, arrival(1, { lastSeenAt: now + 9 }));
      expect(await known()).toEqual([{ digest: "digest-1", lastSeenAt: now + 9 }]);
    });

    test("are fifty for a user: those not seen for longest go", async () => {
      for (let number = 0; number < 53; number++) await open(number, arrival(number));
      const digests = (await known()).map(({ digest }) => digest);
      expect(digests).toHaveLength(50);
      expect(digests).not.toContain("digest-2");
      expect(digests).toContain("digest-3");
    });
  });
}
