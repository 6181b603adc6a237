import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fileStore } from "../src/file.ts";
import type { TokenSet } from "../src/index.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "latchkey-file-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const newFolder = () => mkdtempSync(join(folder, "one-"));
const numbered = (number: number): TokenSet => ({
  accessToken: `access-${number}`.repeat(500),
  issuedAt: number,
});
const garbage = ["", "{", "null", "7", "[]", '"text"', "{}", '{"accessToken":7}', "\0\0\0\0"];

test("only the owner can read the file, whatever the umask or the old mode", async () => {
  const path = join(newFolder(), "session.json");
  const umask = process.umask(0);
  try {
    await fileStore(path).set(numbered(1));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o644);
    await fileStore(path).set(numbered(2));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  } finally {
    process.umask(umask);
  }
});

test("removing the tokens removes the file", async () => {
  const place = newFolder();
  const store = fileStore(join(place, "session.json"));
  await store.set(numbered(1));
  await store.set(undefined);
  expect(readdirSync(place)).toEqual([]);
});

test.each(garbage)("treats %j as no session, and overwrites it", async (text) => {
  const path = join(newFolder(), "session.json");
  writeFileSync(path, text);
  const store = fileStore(path);
  expect(await store.get()).toBeUndefined();
  await store.set(numbered(1));
  expect(await store.get()).toEqual(numbered(1));
});

test("a reader with an open file still reads the complete old tokens", async () => {
  const path = join(newFolder(), "session.json");
  const store = fileStore(path);
  await store.set(numbered(1));
  const before = statSync(path).ino;
  await store.set(numbered(2));
  expect(statSync(path).ino).not.toBe(before);
});

test("concurrent writers and readers see complete tokens and leave one file", async () => {
  const place = newFolder();
  const path = join(place, "session.json");
  const all = Array.from({ length: 40 }, (_, number) => numbered(number));
  await fileStore(path).set(numbered(0));
  const reads = await Promise.all(
    all.map(async (tokens) => {
      const [, read] = await Promise.all([fileStore(path).set(tokens), fileStore(path).get()]);
      return read;
    }),
  );
  for (const read of reads) expect(all).toContainEqual(read);
  expect(all).toContainEqual(JSON.parse(readFileSync(path, "utf8")));
  expect(readdirSync(place)).toEqual(["session.json"]);
});

test("a failed write rejects and leaves no temporary file", async () => {
  const place = newFolder();
  const path = join(place, "session.json");
  mkdirSync(path);
  await expect(fileStore(path).set(numbered(1))).rejects.toMatchObject({ code: expect.any(String) });
  expect(readdirSync(place)).toEqual(["session.json"]);
  expect(readdirSync(path)).toEqual([]);
});

test("an unreadable file rejects instead of counting as empty", async () => {
  const path = newFolder();
  await expect(fileStore(path).get()).rejects.toMatchObject({ code: "EISDIR" });
});

test("a write to a missing folder rejects", async () => {
  const store = fileStore(join(folder, "nowhere", "session.json"));
  expect(await store.get()).toBeUndefined();
  await expect(store.set(numbered(1))).rejects.toMatchObject({ code: "ENOENT" });
});

test("different spellings of a path give the same name", () => {
  const path = join(folder, "session.json");
  expect(fileStore(join(folder, "x", "..", "session.json")).name).toBe(fileStore(path).name);
});
