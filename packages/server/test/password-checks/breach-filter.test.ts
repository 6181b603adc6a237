import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildFilter } from "../../src/password-checks/breach-filter/build.ts";
import { blockBytes, fileBytes, sizeFor } from "../../src/password-checks/breach-filter/format.ts";
import { assertUsableFilter, filterCheck } from "../../src/password-checks/breach-filter/lookup.ts";

const folder = mkdtempSync(join(tmpdir(), "latchkey-filter-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

const hashOf = (password: string) => createHash("sha1").update(password).digest("hex").toUpperCase();
const known = Array.from({ length: 20_000 }, (_, number) => `known password ${number}`);
const ascending = known.map(hashOf).sort();

function fileOf(name: string, content: string | Buffer): string {
  writeFileSync(path(name), content);
  return path(name);
}

/** The answer of a filter, and the causes of failures. */
function asking(filter: string) {
  const causes: string[] = [];
  return { check: filterCheck(filter, (cause) => causes.push(cause)), causes };
}

let whole: string;
beforeAll(async () => {
  whole = path("whole.filter");
  await buildFilter(fileOf("ascending.txt", ascending.map((hash) => `${hash}:7\r\n`).join("")), whole);
});

test("every password of the list is found", async () => {
  const { check, causes } = asking(whole);
  const answers = new Set<string>();
  for (const password of known.slice(0, 4_000)) answers.add(await check(password));
  expect([...answers]).toEqual(["breached"]);
  expect(causes).toEqual([]);
});

test("of other passwords, at most two of 1,000 are found by chance", async () => {
  const { check } = asking(whole);
  let found = 0;
  for (let number = 0; number < 4_000; number++)
    if ((await check(`another password ${number}`)) === "breached") found++;
  expect(found).toBeLessThan(8);
});

test("a filter takes two bytes and a seventh for each password", () => {
  expect(readFileSync(whole).length).toBe(fileBytes(sizeFor(known.length)));
  expect(readFileSync(whole).length / known.length).toBeCloseTo(2.14, 2);
});

describe("the same filter comes from", () => {
  test.each<[string, () => string | Buffer]>([
    ["hashes in another order", () => known.map((one) => `${hashOf(one)}:7\n`).join("")],
    ["hashes in lower case without numbers", () => ascending.join("\n").toLowerCase()],
    ["a file compressed by gzip", () => gzipSync(ascending.map((hash) => `${hash}:1\n`).join(""))],
    ["hashes with empty lines between them", () => ascending.join("\n\n\n")],
  ])("%s", async (name, content) => {
    const built = path("same.filter");
    await buildFilter(fileOf("same.txt", content()), built);
    expect(readFileSync(built).equals(readFileSync(whole)), name).toBe(true);
  });

  test.each(["ascending.txt", "shuffled.txt"])("segments of three blocks, from %s", async (name) => {
    fileOf("shuffled.txt", known.map(hashOf).join("\n"));
    const built = path("segments.filter");
    await buildFilter(path(name), built, { segmentBlocks: name === "shuffled.txt" ? 300 : 3 });
    expect(readFileSync(built).equals(readFileSync(whole))).toBe(true);
  });
});

test("rare passwords can be left out", async () => {
  const built = path("frequent.filter");
  const list = fileOf("counted.txt", `${hashOf("rare")}:9\n${hashOf("frequent")}:10\n`);
  expect(await buildFilter(list, built, { atLeast: 10 })).toMatchObject({ passwords: 1 });
  const { check } = asking(built);
  expect(await check("frequent")).toBe("breached");
  expect(await check("rare")).toBe("unknown");
});

describe("a list is refused without a filter or a draft, if", () => {
  test.each([
    ["a line is a password", `${hashOf("a")}:1\nhunter2\n`, "has no SHA-1 in line 2: each line is 40"],
    ["a line has another digit", `${hashOf("a").replace(/^./, "G")}\n`, "in line 1"],
    ["a line has 32 digits", `${"0".repeat(32)}:1\n`, "in line 1"],
    ["a number is missing", `${hashOf("a")}:\n`, "in line 1"],
    ["a number is text", `${hashOf("a")}:many\n`, "in line 1"],
    ["a line never ends", "0".repeat(4_000_000), "in line 1"],
    ["it is empty", "", "has no hash that was seen 1 times or more"],
  ])("%s", async (_, content, message) => {
    const list = fileOf("wrong.txt", content);
    const failure = await buildFilter(list, path("never.filter")).catch((error: Error) => error.message);
    expect(failure).toContain(message);
    expect(failure).not.toContain("hunter2");
    expect(readdirSync(folder).filter((name) => name.startsWith("never"))).toEqual([]);
  });
});

describe("a file is refused at the start, if it", () => {
  const damaged = (name: string, change: (content: Buffer) => Buffer) =>
    fileOf(name, change(Buffer.from(readFileSync(whole))));

  test.each<[string, (content: Buffer) => Buffer, RegExp]>([
    ["is another kind of file", () => Buffer.alloc(640, "text"), /^is not a breach filter: `latchkey/],
    ["is empty", () => Buffer.alloc(0), /^is not a breach filter/],
    ["is cut off", (content) => content.subarray(0, -1), /^has \d+ of \d+ bytes: copy it again/],
    ["goes on", (content) => Buffer.concat([content, content]), /^has \d+ of \d+ bytes/],
    ["has a damaged header", (content) => content.fill(1, 33, 34), /^is damaged/],
    ["is of a later version", (content) => content.fill(2, 19, 20), /^is a breach filter of version 2/],
  ])("%s", async (name, change, message) => {
    const failure = await assertUsableFilter(damaged(`${name}.filter`, change)).catch((error) => error);
    expect(failure.message).toMatch(message);
  });

  test("is a folder, or is not there", async () => {
    await expect(assertUsableFilter(folder)).rejects.toThrow("is not a file");
    await expect(assertUsableFilter(path("nowhere"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

test("a truncated, damaged or removed file makes the check unavailable", async () => {
  const copy = fileOf("later.filter", readFileSync(whole));
  const { check, causes } = asking(copy);
  expect(await check("known password 1")).toBe("breached");

  writeFileSync(copy, readFileSync(whole).fill(255, blockBytes));
  expect(await check("known password 1")).toBe("unavailable");
  truncateSync(copy, blockBytes * 2);
  expect(await check("known password 1")).toBe("unavailable");
  rmSync(copy);
  expect(await check("known password 1")).toBe("unavailable");
  expect(causes).toEqual([
    expect.stringContaining("is damaged"),
    expect.stringContaining("has 128 of"),
    expect.stringContaining("ENOENT"),
  ]);
  expect(causes.join()).not.toContain("known password");
});

test("a new file of the same name counts at once", async () => {
  const replaced = path("replaced.filter");
  await buildFilter(fileOf("first.txt", hashOf("first")), replaced);
  const { check } = asking(replaced);
  expect(await check("second")).toBe("unknown");
  await buildFilter(fileOf("second.txt", hashOf("second")), replaced);
  expect(await check("second")).toBe("breached");
});
