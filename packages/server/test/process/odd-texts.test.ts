import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { login } from "@latchkey/testkit/server/auth-calls";
import {
  adminPassword,
  type Environment,
  Place,
  type ServerProcess,
} from "@latchkey/testkit/server/server-process";
import { beforeAll, describe, expect, test } from "vitest";
import { expectRefusal, expectUsageError } from "./refusal.ts";

const place = new Place();
const run = promisify(execFile);
const main = join(import.meta.dirname, "../../bin/latchkey.js");
const passphrase = "a passphrase of theirs";

let server: ServerProcess;
beforeAll(async () => {
  server = await place.server();
});

const emptyFolder = () => mkdtempSync(place.path("empty-"));

describe("a refused setting creates no file:", () => {
  test.for<[string, Environment, RegExp]>([
    [
      "a password with a Windows line end",
      { LATCHKEY_ADMIN_PASSWORD: `${adminPassword}\r` },
      /LATCHKEY_ADMIN_PASSWORD: it begins or ends with U\+000D \(carriage return\): save the file with Unix/,
    ],
    ["a short password", { LATCHKEY_ADMIN_PASSWORD: "seven77" }, /LATCHKEY_ADMIN_PASSWORD: .*8 characters/],
    [
      "a secret with a line end",
      { LATCHKEY_SECRET: `${"s".repeat(40)}\n` },
      /LATCHKEY_SECRET: it begins or ends with U\+000A \(line feed\): remove it/,
    ],
    ["a host of two words", { LATCHKEY_HOST: "here there" }, /LATCHKEY_HOST=here there: expected an address/],
    [
      "an escape in a path",
      { LATCHKEY_DATABASE: "data\u001b.db" },
      /LATCHKEY_DATABASE=data\\u\{1b\}\.db: it contains the control character U\+001B/,
    ],
    ["the last setting", { LATCHKEY_LOG_LEVEL: "loud" }, /LATCHKEY_LOG_LEVEL=loud: expected debug, info/],
  ])("%s", async ([, env, why]) => {
    const folder = emptyFolder();
    const database = join(folder, "latchkey.db");
    const result = await place.here(["serve", "--port", "0"], {
      env: { LATCHKEY_DATABASE: database, ...env },
    });
    expectRefusal(result, why);
    expect(result.stderr).not.toMatch(/administrator's|seven77|s{40}/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.for([
    ["a variable", 'LATCHKEY_DATABASE="$(printf "caf\\351.db")" exec "$0" "$1" serve --port 0'],
    ["a flag", 'exec "$0" "$1" serve --port 0 --database "$(printf "caf\\351.db")"'],
  ])("%s in Latin-1", async ([, script]) => {
    const folder = emptyFolder();
    const options = { cwd: folder, env: { PATH: process.env["PATH"] } };
    const started = run("/bin/sh", ["-c", script ?? "", process.execPath, main], options);
    await expect(started).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^latchkey: \S+: it is not valid UTF-8: save it as UTF-8\n$/),
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

test("a file of settings with Windows line ends starts the same server", async () => {
  const folder = emptyFolder();
  const windows = await place.server({
    database: join(folder, "latchkey.db\r"),
    env: { LATCHKEY_HOST: "127.0.0.1\r", LATCHKEY_LOG_LEVEL: "info\r", LATCHKEY_AUDIENCE: "\r" },
  });
  expect((await login(windows.url, "admin", adminPassword)).status).toBe(200);
  await windows.stop();
  expect(readdirSync(folder).toSorted()).toEqual(["latchkey.db", "latchkey.db.secret"]);
});

test.for([
  ["a user name", ["add", "pasc\r", "--email", "p@example.com"], /NAME: it contains .* U\+000D/],
  [
    "a role",
    ["add", "pasc", "--email", "p@example.com", "--role", "user\r"],
    /--role: it contains .* U\+000D/,
  ],
  ["a display name", ["add", "pasc", "--email", "p@example.com", "--name", "\ufffd"], /--name: .* UTF-8/],
] as const)("%s with a control character or without UTF-8 is refused", async ([, args, why]) => {
  expectUsageError(await place.here(["user", ...args], { input: `${passphrase}\n` }), why);
});

async function* bytes(given: Uint8Array) {
  yield given;
}

const passwd = (given: Uint8Array) => place.here(["user", "passwd", "admin"], { input: bytes(given) });
const utf16 = (text: string) => Buffer.from(text, "utf16le");

describe("a new password on standard input is refused, the old one kept, if it is", () => {
  test.for<[string, Uint8Array, RegExp]>([
    [
      "UTF-16 with a byte order mark",
      utf16(`\ufeff${passphrase}\r\n`),
      /looks like UTF-16: .* `-Encoding utf8`/,
    ],
    ["UTF-16 without a byte order mark", utf16(`${passphrase}\n`), /looks like UTF-16/],
    ["UTF-16 in the other byte order", utf16(`\ufeff${passphrase}\n`).swap16(), /looks like UTF-16/],
    ["UTF-16 without a NUL", utf16("Ουρανίωνκαρπόςκαλός"), /it is not UTF-8/],
    [
      "Latin-1",
      Buffer.from("passphrase du café\n", "latin1"),
      /it is not UTF-8, perhaps Latin-1: save it as/,
    ],
    ["cut in a character", Buffer.from("passphrase du café").subarray(0, -1), /it is not UTF-8/],
    ["with a NUL", Buffer.from("passphrase\0 of theirs\n"), /looks like UTF-16/],
    ["with a replacement character", Buffer.from("passphrase du caf\ufffd\n"), /it is not valid UTF-8/],
    ["with a lone carriage return", Buffer.from(`${passphrase}\r`), /U\+000D \(carriage return\): remove it/],
    ["with an old Mac's line ends", Buffer.from(`${passphrase}\rmore\r`), /U\+000D/],
    ["with an arrow key", Buffer.from(`${passphrase}\u001b[D\n`), /U\+001B: remove it/],
  ])("%s", async ([, given, why]) => {
    const before = await login(server.url, "admin", adminPassword);
    const result = await passwd(given);
    expectRefusal(result, why);
    expect(result.stderr).not.toMatch(/passphrase/);
    const refresh = await fetch(`${server.url}/auth/me`, {
      headers: { authorization: `Bearer ${String(before.body["access_token"])}` },
    });
    expect(refresh.status).toBe(200);
  });
});

describe("a new password on standard input is accepted with", () => {
  test.for<[string, string]>([
    ["a line feed", `${passphrase}\n`],
    ["a Windows line end", `${passphrase}\r\n`],
    ["no line end", passphrase],
    ["a UTF-8 byte order mark", `\ufeff${passphrase}\r\n`],
    ["more lines after it", `${passphrase}\nmore\r\n`],
  ])("%s", async ([, given]) => {
    expect(await passwd(Buffer.from(given))).toMatchObject({ status: 0 });
    expect((await login(server.url, "admin", passphrase)).status).toBe(200);
  });
});

describe("the file with the secret", () => {
  const left = place.path("left.db");
  beforeAll(async () => {
    await (await place.server({ database: left })).stop();
  });

  const withSecret = async (content: (secret: string) => string | Uint8Array) => {
    const database = join(emptyFolder(), "latchkey.db");
    copyFileSync(left, database);
    const secret = readFileSync(`${left}.secret`, "utf8").trim();
    writeFileSync(`${database}.secret`, content(secret), { mode: 0o600 });
    return database;
  };

  test.for<[string, (secret: string) => string]>([
    ["a Windows line end", (secret) => `${secret}\r\n`],
    ["a UTF-8 byte order mark", (secret) => `\ufeff${secret}`],
    ["another secret in its second line", (secret) => `${secret}\r\n${"another".repeat(5)}\r\n`],
  ])("may have %s", async ([, content]) => {
    const database = await withSecret(content);
    const again = await place.server({ database });
    await again.stop();
  });

  test.for<[string, (secret: string) => string | Uint8Array, RegExp]>([
    ["in UTF-16", (secret) => utf16(`\ufeff${secret}\r\n`), /latchkey\.db\.secret: .*looks like UTF-16/],
    ["cut short", (secret) => secret.slice(0, 9), /\.secret: it has fewer than 32 characters: restore its/],
    [
      "with a second line that is cut short",
      (secret) => `${secret}\n\n${secret.slice(0, 9)}\n`,
      /\.secret: line 3: it has fewer than 32 characters: restore its/,
    ],
    [
      "with a lone carriage return",
      (secret) => `${secret}\r${secret}\n`,
      /\.secret: it contains the control character U\+000D/,
    ],
  ])("is refused %s", async ([, content, why]) => {
    const database = await withSecret(content);
    expectRefusal(await place.latchkey(["serve", "--port", "0", "--database", database]), why);
  });
});

test("a pod beside a Service named latchkey starts, and logs the setting", async () => {
  const database = place.path("pod.db");
  copyFileSync(place.database, database);
  copyFileSync(`${place.database}.secret`, `${database}.secret`);
  const links = {
    LATCHKEY_PORT: "tcp://10.43.7.9:8000",
    LATCHKEY_SERVICE_HOST: "10.43.7.9",
    LATCHKEY_SERVICE_PORT: "8000",
    LATCHKEY_SERVICE_PORT_HTTP: "8000",
    LATCHKEY_PORT_8000_TCP: "tcp://10.43.7.9:8000",
    LATCHKEY_PORT_8000_TCP_PROTO: "tcp",
    LATCHKEY_PORT_8000_TCP_PORT: "8000",
    LATCHKEY_PORT_8000_TCP_ADDR: "10.43.7.9",
  };
  const pod = await place.server({ database, env: links });
  const { status } = await fetch(`${pod.url}/health/live`);
  await pod.stop();
  expect(status).toBe(200);
  const warnings = pod.stdout().match(/.*"level":40.*Kubernetes.*/g) ?? [];
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(
    /Kubernetes Service named latchkey .* are ignored: set enableServiceLinks: false in the pod/,
  );
  for (const name of Object.keys(links)) expect(warnings[0]).toContain(`"${name}"`);
  const listed = await place.latchkey(["user", "list"], { env: { LATCHKEY_DATABASE: database, ...links } });
  expect(listed).toMatchObject({ status: 0, stderr: "" });
});
