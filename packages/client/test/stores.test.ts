import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { fileStore } from "../src/file.ts";
import {
  AuthClient,
  localStorageStore,
  memoryStore,
  type StoreFailure,
  type TokenSet,
} from "../src/index.ts";
import { alice, type World, world } from "./session-world.ts";
import { storeContract } from "./store-contract.ts";

const run = promisify(execFile);

/** The methods of `localStorage` that the store uses. */
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
  test("is shared by all tabs, and separate for another key", async () => {
    const [tab, otherTab, other] = [localStorageStore(), localStorageStore(), localStorageStore("other")];
    await tab.set(numbered(1));
    expect(await otherTab.get()).toEqual(numbered(1));
    expect(await other.get()).toBeUndefined();
    expect([tab.name, otherTab.name, other.name]).toEqual(["latchkey", "latchkey", "other"]);
  });

  test.each(garbage)("treats %j as no session", async (text) => {
    page.setItem("latchkey", text);
    expect(await localStorageStore().get()).toBeUndefined();
  });
});

describe.each<[string, PropertyDescriptor]>([
  ["is missing, as on a server", { value: undefined }],
  [
    "is forbidden",
    {
      get: () => {
        throw new DOMException("Access is denied for this document", "SecurityError");
      },
    },
  ],
  ["has no methods, as in some versions of Node", { value: {} }],
])("a localStorageStore if localStorage %s", (_name, property) => {
  const usual = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  beforeEach(() => {
    vi.unstubAllGlobals();
    Object.defineProperty(globalThis, "localStorage", { ...property, configurable: true });
  });
  afterEach(() => {
    Reflect.deleteProperty(globalThis, "localStorage");
    if (usual) Object.defineProperty(globalThis, "localStorage", usual);
  });

  test("can be created and has no session", async () => {
    const auth = new AuthClient({ store: localStorageStore() });
    await expect(auth.token()).rejects.toMatchObject({ kind: "signed_out" });
  });

  test("leaves a session in memory and reports it", async () => {
    await using place: World = await world();
    const { auth } = place.client({ store: localStorageStore() });
    const failures: StoreFailure[] = [];
    auth.onStoreError((failure) => void failures.push(failure));
    await auth.login(alice);
    expect(await auth.me()).toMatchObject({ username: "alice" });
    const error = new Error("localStorage is not available");
    expect(failures).toEqual([{ action: "keep", error }]);
    await auth.logout();
    await expect(auth.token()).rejects.toMatchObject({ kind: "signed_out" });
    expect(failures).toHaveLength(1);
  });

  test("stores the session once it is available", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      await using place: World = await world();
      const { auth } = place.client({ store: localStorageStore() });
      const { accessToken } = await auth.login(alice);
      Object.defineProperty(globalThis, "localStorage", { value: page, configurable: true });
      place.pass(1_000);
      expect(await auth.token()).toBe(accessToken);
      expect(await localStorageStore().get()).toMatchObject({ accessToken });
    } finally {
      vi.useRealTimers();
    }
  });
});

test("a module rendered on a server creates its store while loading", async () => {
  const module = new URL("../src/index.ts", import.meta.url);
  const script = `import { localStorageStore } from "${module}"; console.log(localStorageStore().name)`;
  for (const flags of [[], ["--experimental-webstorage"]]) {
    const { stdout } = await run(process.execPath, [...flags, "--input-type=module", "-e", script]);
    expect(stdout).toBe("latchkey\n");
  }
});
