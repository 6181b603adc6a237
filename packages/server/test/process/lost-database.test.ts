import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { login, me, refresh, send, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";

const place = new Place({ commands: "here" });
let folders = 0;

/** A server with a new database. */
async function server(): Promise<{ database: string; server: ServerProcess }> {
  const folder = place.path(`data-${folders++}`);
  mkdirSync(folder);
  const database = `${folder}/latchkey.db`;
  return { database, server: await place.server({ database }) };
}

const statusOf = async (path: string, { url }: ServerProcess) => (await send(`${url}${path}`)).status;
const signInAdmin = ({ url }: ServerProcess) => login(url, "admin", adminPassword);

describe("under a running server, a database file", () => {
  test.for([
    ["that was moved away", (path: string) => renameSync(path, `${path}.away`)],
    ["that was deleted", (path: string) => rmSync(path)],
    [
      "that was replaced",
      (path: string) => {
        writeFileSync(`${path}.new`, "");
        renameSync(`${path}.new`, path);
      },
    ],
    ["that lost its write-ahead log", (path: string) => rmSync(`${path}-wal`)],
  ] as const)("%s is noticed at once, and no write to it is acknowledged", async ([, lose]) => {
    const { database, server: running } = await server();
    const tokens = await signIn(running.url, "admin", adminPassword);
    expect(await statusOf("/health/ready", running)).toBe(200);
    lose(database);
    expect((await refresh(running.url, tokens.refresh)).body).toMatchObject({ code: "store_unavailable" });
    expect((await signInAdmin(running)).status).toBe(503);
    const notReady = async () => (await statusOf("/health/ready", running)) === 503;
    // An answer of readiness is shared for a second.
    await until("readiness fails", notReady, 5_000);
    expect(await statusOf("/health/live", running)).toBe(200);
    await until(
      "tokens are refused",
      async () => (await me(running.url, tokens.access)).status === 503,
      5_000,
    );
    await running.says(/(latchkey\.db(?:-wal)? was moved, deleted or replaced under the running server)/);
    await running.stop();
  });

  test("behind a symbolic link is noticed if log or link is replaced", async () => {
    const { database, server: first } = await server();
    await first.stop();
    renameSync(database, `${database}.target`);
    symlinkSync(`${database}.target`, database);
    const running = await place.server({ database });
    expect((await signInAdmin(running)).status).toBe(200);
    renameSync(`${database}.target-wal`, `${database}.away`);
    expect((await signInAdmin(running)).status).toBe(503);
    renameSync(`${database}.away`, `${database}.target-wal`);
    await until("logins work again", async () => (await signInAdmin(running)).status === 200, 5_000);
    writeFileSync(`${database}.other`, "");
    rmSync(database);
    symlinkSync(`${database}.other`, database);
    expect((await signInAdmin(running)).status).toBe(503);
    await running.stop();
  });

  test("that is moved back is used again with all its data", async () => {
    const { database, server: running } = await server();
    const tokens = await signIn(running.url, "admin", adminPassword);
    renameSync(database, `${database}.away`);
    expect((await signInAdmin(running)).status).toBe(503);
    renameSync(`${database}.away`, database);
    await until("logins work again", async () => (await signInAdmin(running)).status === 200, 5_000);
    expect((await refresh(running.url, tokens.refresh)).status).toBe(200);
    await running.stop();
  });

  test("with a deleted write-ahead log is complete after a SIGTERM", async () => {
    const { database, server: running } = await server();
    const tokens = await signIn(running.url, "admin", adminPassword);
    rmSync(`${database}-wal`);
    expect((await signInAdmin(running)).status).toBe(503);
    expect(await running.stop()).toEqual({ status: 0, signal: null });
    const again = await place.server({ database });
    expect((await refresh(again.url, tokens.refresh)).status).toBe(200);
    await again.stop();
  });
});

describe("a start beside the secret of a database that is", () => {
  test.for([
    ["gone", (path: string) => rmSync(path)],
    ["empty", (path: string) => writeFileSync(path, "")],
  ] as const)("%s is refused in one line, and creates nothing", async ([, lose]) => {
    const { database, server: running } = await server();
    await running.stop();
    lose(database);
    const before = readdirSync(dirname(database));
    const env = { LATCHKEY_DATABASE: database };
    const line =
      `latchkey: ${database} is missing or empty, but ${database}.secret belongs to it: ` +
      `restore the database, or move ${database}.secret away to start with a new one\n`;
    for (const command of [
      ["serve", "--port", "0"],
      ["user", "list"],
      ["database", "check"],
    ]) {
      expect(await place.latchkey(command, { env })).toMatchObject({ status: 1, stderr: line });
    }
    expect(readdirSync(dirname(database))).toEqual(before);

    renameSync(`${database}.secret`, `${database}.secret.old`);
    // With LATCHKEY_SECRET, the reserve is the only one of these files.
    writeFileSync(`${database}.reserve`, "reserve");
    const inEnvironment = { LATCHKEY_DATABASE: database, LATCHKEY_SECRET: "s".repeat(40) };
    expect((await place.latchkey(["serve", "--port", "0"], { env: inEnvironment })).stderr).toContain(
      `latchkey.db.reserve belongs to it: restore the database, or move ${database}.reserve away`,
    );
    rmSync(`${database}.reserve`);
    const anew = await place.server({ database });
    expect(existsSync(`${database}.secret`)).toBe(true);
    await anew.stop();
  });
});
