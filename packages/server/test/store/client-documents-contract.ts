import { describe, expect, test } from "vitest";
import type { ClientDocumentCopy } from "../../src/core/oauth/client-document.ts";
import type { Store } from "../../src/store/store.ts";

const now = 1_700_000_000_000;
const day = 86_400_000;

const copy = (name: string, change: Partial<ClientDocumentCopy> = {}): ClientDocumentCopy => ({
  id: `https://app.example/${name}`,
  document: `{"client_name":"${name}"}`,
  fetchedAt: now,
  freshUntil: now + 3_600_000,
  ...change,
});

/**
 * The contract of every store for copies of client documents.
 *
 * @param openSession opens a session of a client
 */
export function clientDocumentsContract(
  opened: () => Store,
  openSession: (clientId: string) => Promise<void>,
): void {
  describe("copies of client documents", () => {
    const copies = () => opened().clientDocuments;
    const purge = (at: number) => opened().purge(at, 90 * day);

    test("are found by their id, replaced and removed", async () => {
      await copies().put(copy("a"));
      const newer = copy("a", { document: "{}", fetchedAt: now + 1, freshUntil: now + 2 });
      await copies().put(newer);
      await copies().put(copy("b"));
      expect(await copies().byId(newer.id)).toEqual(newer);
      await copies().remove(newer.id);
      expect(await copies().byId(newer.id)).toBeUndefined();
      expect(await copies().byId(copy("b").id)).toEqual(copy("b"));
    });

    test("are deleted seven days after their fetch", async () => {
      await copies().put(copy("a"));
      await purge(now + 7 * day);
      expect(await copies().byId(copy("a").id)).toBeDefined();
      await purge(now + 7 * day + 1);
      expect(await copies().byId(copy("a").id)).toBeUndefined();
    });

    test("are bounded: a new one waits for a purge, which spares clients with sessions", async () => {
      const numbers = Array.from({ length: 1_000 }, (_, number) => number);
      await Promise.all(
        numbers.map((number) => copies().put(copy(`${number}`, { fetchedAt: now + number }))),
      );
      await openSession(copy("0").id);
      await copies().put(copy("new"));
      expect(await copies().byId(copy("new").id)).toBeUndefined();
      await copies().put(copy("999", { document: "{}", fetchedAt: now + 999 }));
      expect(await copies().byId(copy("999").id)).toMatchObject({ document: "{}" });

      await purge(now);
      const left = await Promise.all(numbers.map((number) => copies().byId(copy(`${number}`).id)));
      expect(numbers.filter((number) => left[number] === undefined)).toEqual(numbers.slice(1, 101));
      await copies().put(copy("new"));
      expect(await copies().byId(copy("new").id)).toBeDefined();
    });
  });
}
