import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { fileStore } from "../src/file.ts";
import { localStorageStore, memoryStore, type TokenSet } from "../src/index.ts";
import { storeContract } from "./store-contract.ts";

/** As browsers have it, as far as it is used. */
class BrowserStorage {
  readonly #items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.#items.set(key, String(value));
  }
  removeItem(key: string): void {
    this.#items.delete(key);
  }
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "latchkey-stores-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
let page: BrowserStorage;
beforeEach(() => {
  page = new BrowserStorage();
  vi.stubGlobal("localStorage", page);
});
afterEach(() => void vi.unstubAllGlobals());

const newFolder = () => mkdtempSync(join(folder, "one-"));
const numbered = (number: number): TokenSet => ({
  accessToken: `access-${number}`.repeat(500),
  issuedAt: number,
});
const garbage = ["", "{", "null", "7", "[]", '"text"', "{}", '{"accessToken":7}', "\0\0\0\0"];

storeContract("memoryStore", memoryStore);
storeContract("localStorageStore", localStorageStore);
storeContract("fileStore", () => fileStore(join(newFolder(), "session.json")));

describe("localStorageStore", () => {
  test("is the same for all tabs of a page, and another under another key", async () => {
    const [tab, otherTab, other] = [localStorageStore(), localStorageStore(), localStorageStore("other")];
    await tab.set(numbered(1));
    expect(await otherTab.get()).toEqual(numbered(1));
    expect(await other.get()).toBeUndefined();
    expect([tab.name, otherTab.name, other.name]).toEqual(["latchkey", "latchkey", "other"]);
  });

  test.each(garbage)("takes %j for nothing", async (text) => {
    page.setItem("latchkey", text);
    expect(await localStorageStore().get()).toBeUndefined();
  });
});
