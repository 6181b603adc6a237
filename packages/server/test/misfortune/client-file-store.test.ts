import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fileStore } from "../../../client/src/file.ts";
import { AuthClient, type StoreFailure, type TokenSet } from "../../../client/src/index.ts";

const alice = { username: "alice", password: passwords.alice };

let server: TestServer;
let folder: string;
let mounts: string[];
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  server = await testServer();
  folder = mkdtempSync(join(tmpdir(), "latchkey-client-misfortune-"));
  mounts = [];
});
afterEach(async () => {
  vi.useRealTimers();
  for (const mount of mounts.toReversed()) execFileSync("umount", [mount]);
  rmSync(folder, { recursive: true });
  await server[Symbol.asyncDispose]();
});

function mount(at: string, ...options: readonly string[]): void {
  execFileSync("mount", [...options, at]);
  mounts.push(at);
}

function pass(ms: number): void {
  server.advance(ms);
  vi.setSystemTime(Date.now() + ms);
}

async function refreshStatus({ refreshToken }: TokenSet): Promise<number> {
  const body = JSON.stringify({ refresh_token: refreshToken });
  const headers = { "content-type": "application/json" };
  return (await fetch(`${server.url}/auth/refresh`, { method: "POST", headers, body })).status;
}

/** A client with its session in a file, on its own small disk. */
async function onSmallDisk() {
  const disk = join(folder, "disk");
  mkdirSync(disk);
  mount(disk, "-t", "tmpfs", "-o", "size=16k", "tmpfs");
  const store = fileStore(join(disk, "session.json"));
  const auth = new AuthClient({ baseURL: server.url, retry: false, store });
  const failures: StoreFailure[] = [];
  auth.onStoreError((failure) => void failures.push(failure));
  await auth.login(alice);
  return { auth, store, disk, failures };
}

function fill(disk: string): void {
  expect(() => writeFileSync(join(disk, "filler"), Buffer.alloc(1_000_000))).toThrow(/ENOSPC/);
}

test("a full disk: the session outlives the grace, and is written later", async () => {
  const { auth, store, disk, failures } = await onSmallDisk();
  const first = await store.get();
  fill(disk);
  for (let refresh = 0; refresh < 3; refresh++) {
    pass(3_600_000);
    await auth.token();
  }
  const token = await auth.token();
  expect(await store.get()).toEqual(first);
  expect(failures).toMatchObject(Array(3).fill({ action: "keep", error: { code: "ENOSPC" } }));
  expect(readdirSync(disk).toSorted()).toEqual(["filler", "session.json"]);
  rmSync(join(disk, "filler"));
  pass(1_000);
  expect(await auth.token()).toBe(token);
  expect(await store.get()).toMatchObject({ accessToken: token });
  expect(await auth.me()).toMatchObject({ username: "alice" });
});

test("a read-only disk: a logout ends the session and reports the file", async () => {
  const { auth, store, disk, failures } = await onSmallDisk();
  const kept = await store.get();
  if (!kept) throw new Error("there is no session");
  execFileSync("mount", ["-o", "remount,ro", disk]);
  pass(3_600_000);
  await auth.token();
  await expect(auth.logout()).rejects.toMatchObject({ code: "EROFS" });
  expect(failures.map(({ action }) => action)).toEqual(["keep", "forget"]);
  expect(await refreshStatus(kept)).toBe(401);
  await expect(auth.token()).rejects.toMatchObject({ kind: "signed_out" });
  execFileSync("mount", ["-o", "remount,rw", disk]);
  pass(1_000);
  await expect(auth.token()).rejects.toMatchObject({ kind: "signed_out" });
  expect(readdirSync(disk)).toEqual([]);
});

test("a file that cannot be removed, such as a mount point, is emptied", async () => {
  const { auth, disk } = await onSmallDisk();
  const file = join(disk, "session.json");
  mount(file, "--bind", file);
  await auth.logout();
  expect(statSync(file).isFile()).toBe(true);
  expect(readFileSync(file, "utf8")).toBe("");
});
