import { createHash } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { login } from "@latchkey/testkit/server/auth-calls";
import { Place } from "@latchkey/testkit/server/server-process";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";
import { beforeAll, describe, expect, test } from "vitest";
import { expectRefusal, expectUsageError } from "./refusal.ts";

const place = new Place({ commands: "here" });
const filter = place.path("breaches.filter");
const breached = "a passphrase of everyone";
const hash = createHash("sha1").update(breached).digest("hex").toUpperCase();

let url: string;
beforeAll(async () => {
  writeFileSync(place.path("hashes.txt"), `${hash}:12\n`);
  ({ url } = await place.server());
});

const build = (...args: string[]) => place.latchkey(["breaches", "build", ...args]);

const setPassword = (password: string, env: Readonly<Record<string, string>>) =>
  place.latchkey(["user", "passwd", "admin"], { env, input: `${password}\n` });

test("a filter is built from a list of hashes, and refuses its passwords", async () => {
  expect(await build("hashes.txt", "--output", filter)).toEqual({
    status: 0,
    signal: null,
    stderr: "",
    stdout: expect.stringMatching(/breaches\.filter: 1 passwords in 128 bytes\nSet LATCHKEY_BREACH_FILTER=/),
  });
  const env = { LATCHKEY_BREACH_FILTER: filter, LATCHKEY_BREACH_FAILURE: "closed" };
  expectRefusal(await setPassword(breached, env), /known from a breach of another service/);
  expect(await setPassword("a passphrase of my own", env)).toMatchObject({ status: 0 });
  expect((await login(url, "admin", "a passphrase of my own")).status).toBe(200);
});

describe("the command refuses", () => {
  test("a list that is not there", async () => {
    expectRefusal(await build("nowhere.txt", "--output", "x.filter"), /cannot read nowhere\.txt \(ENOENT\)/);
  });

  test("a list of passwords, without repeating one", async () => {
    writeFileSync(place.path("passwords.txt"), "hunter2\n");
    const result = await build("passwords.txt", "--output", place.path("x.filter"));
    expectRefusal(result, /passwords\.txt has no SHA-1 in line 1: each line is 40 hexadecimal digits/);
    expect(result.stderr).not.toContain("hunter2");
    expect(existsSync(place.path("x.filter"))).toBe(false);
  });

  test("a folder that is not there", async () => {
    expectRefusal(
      await build("hashes.txt", "--output", "no/x.filter"),
      /cannot build no\/x\.filter from hashes\.txt \(ENOENT\): check folder, rights and space/,
    );
  });

  test("a file that exists, which a server may be reading", async () => {
    writeFileSync(place.path("taken.filter"), "");
    expectRefusal(
      await build("hashes.txt", "--output", "taken.filter"),
      /taken\.filter exists: give another name, and move the new file over the old one/,
    );
  });

  test("a text in the place of a number", async () => {
    expectUsageError(
      await build("hashes.txt", "--output", "x.filter", "--at-least", "often"),
      /--at-least=often: expected a whole number/,
    );
  });
});

describe("the server does not start with a filter that", () => {
  test.each([
    [
      "is another file",
      () => place.path("hashes.txt"),
      /: the file is not a breach filter: `latchkey breaches/,
    ],
    ["is not there", () => place.path("nowhere"), /: cannot read the file \(ENOENT\): name another one/],
    ["is a folder", () => place.directory, /: the file is not a file/],
  ])("%s", async (_, path, why) => {
    const result = await new Place().latchkey(["serve", "--port", "0"], {
      env: { LATCHKEY_BREACH_FILTER: path() },
    });
    expectRefusal(result, /^latchkey: LATCHKEY_BREACH_FILTER=/);
    expectRefusal(result, why);
  });
});

describe("while a check for breaches fails, a new password is", () => {
  test.each([
    ["accepted, by default", {}, 0],
    ["accepted, if the setting says so", { LATCHKEY_BREACH_FAILURE: "open" }, 0],
    ["refused, if the setting says so", { LATCHKEY_BREACH_FAILURE: "closed" }, 1],
  ])("%s", async (_, setting, status) => {
    const broken = createServer((_request, response) => response.writeHead(500).end());
    const port = await listenLocally(broken);
    const env = { LATCHKEY_BREACH_RANGE_URL: `http://127.0.0.1:${port}/range`, ...setting };
    const result = await setPassword("another passphrase of mine", env);
    await closeNow(broken);
    expect(result.status).toBe(status);
    if (status === 1) expect(result.stderr).toMatch(/could not be compared with known breaches: try again/);
  });
});
