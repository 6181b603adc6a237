import { chownSync, copyFileSync, existsSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { createGuard } from "@latchkey/guard";
import { login, me, refresh, send, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, type Environment, Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";
import { replicaEnvironment } from "../postgres/replica.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";
import { expectRefusal } from "./refusal.ts";

const place = new Place({ commands: "here" });
let databases = 0;
const newFile = (): Environment => ({
  LATCHKEY_ISSUER: "",
  LATCHKEY_DATABASE: place.path(`latchkey-${databases++}.db`),
});

/** Whether nothing of a session works any more. */
async function isVoid(url: string, { access, refresh: token }: { access: string; refresh: string }) {
  return (await me(url, access)).status === 401 && (await refresh(url, token)).status === 401;
}

test("the error of a lost secret names the cure: a key reset", async () => {
  const env = newFile();
  const secret = `${env["LATCHKEY_DATABASE"]}.secret`;
  const before = await place.server({ env });
  const tokens = await signIn(before.url, "admin", adminPassword);
  await before.stop();
  const lost = readFileSync(secret, "utf8");
  rmSync(secret);

  for (const command of [
    ["serve", "--port", "0"],
    ["key", "rotate"],
  ]) {
    expectRefusal(
      await place.latchkey(command, { env }),
      /\.secret is missing.*restore the file, or set LATCHKEY_SECRET.*if it is lost, `latchkey key reset`/,
    );
  }
  expect((await place.latchkey(["key", "list"], { env })).stdout).toMatch(/ signs /);
  expectRefusal(
    await place.latchkey(["key", "reset"], { env }),
    /^latchkey: all signing keys are replaced by new ones, and every session of every user ends\. To go on, add --yes\n$/,
  );
  expect(existsSync(secret)).toBe(false);

  const done = await place.latchkey(["key", "reset", "--yes"], { env });
  expect(done).toMatchObject({
    status: 0,
    stderr: "",
    stdout: expect.stringMatching(/^\S+ signs from now on/),
  });
  expect(statSync(secret).mode & 0o777).toBe(0o600);
  expect(readFileSync(secret, "utf8")).not.toBe(lost);
  const after = await place.server({ env });
  expect(await isVoid(after.url, tokens)).toBe(true);
  const { access } = await signIn(after.url, "admin", adminPassword);
  expect((await me(after.url, access)).status).toBe(200);
  await after.stop();
});

test("a damaged secret says how to reset it", async () => {
  const env = newFile();
  const secret = `${env["LATCHKEY_DATABASE"]}.secret`;
  await (await place.server({ env })).stop();
  truncateSync(secret, 10);
  expectRefusal(
    await place.latchkey(["key", "reset", "--yes"], { env }),
    /fewer than 32 characters: restore its content; if it is lost, delete the file, and `latchkey key reset`/,
  );
  rmSync(secret);
  expect((await place.latchkey(["key", "reset", "--yes"], { env })).status).toBe(0);
});

test.runIf(process.getuid?.() === 0)(
  "a reset by root leaves the secret to the owner of the database",
  async () => {
    const env = newFile();
    const secret = `${env["LATCHKEY_DATABASE"]}.secret`;
    await (await place.server({ env })).stop();
    rmSync(secret);
    const [service, group] = [12_345, 12_346];
    chownSync(env["LATCHKEY_DATABASE"] ?? "", service, group);
    expect((await place.latchkey(["key", "reset", "--yes"], { env })).status).toBe(0);
    expect(statSync(secret)).toMatchObject({ uid: service, gid: group, mode: 0o100600 });
  },
);

test.for<[string, () => Promise<Environment>]>([
  ["SQLite", async () => newFile()],
  ["PostgreSQL", async () => ({ ...replicaEnvironment(await newDatabase()), LATCHKEY_ISSUER: "" })],
])("beside a running server on %s, a reset ends all sessions for it and its guards", async ([, database]) => {
  const env = await database();
  const server = await place.server({ env });
  await using guard = createGuard({ issuer: server.url });
  const tokens = await signIn(server.url, "admin", adminPassword);
  expect((await guard.verify(tokens.access)).username).toBe("admin");

  const { status, stdout } = await place.latchkey(["key", "reset", "--yes"], { env });
  expect(status).toBe(0);
  await until("the server refuses the tokens", () => isVoid(server.url, tokens));
  await until("the guard refuses the token", () =>
    guard.verify(tokens.access).then(
      () => false,
      () => true,
    ),
  );
  const [kid = ""] = stdout.split(" ");
  await until("the new key signs, and the guard accepts it", async () => {
    const { access } = await signIn(server.url, "admin", adminPassword);
    const signedBy = Buffer.from(access.split(".")[0] ?? "", "base64url").toString();
    return signedBy.includes(kid) && (await guard.verify(access)).username === "admin";
  });
  await until("the server logs the reset", () => server.stdout().includes('"event":"key.reset"'));
  await server.stop();
});

test("a running server with another secret signs no token until a restart", async () => {
  const env = newFile();
  const server = await place.server({ env });
  const tokens = await signIn(server.url, "admin", adminPassword);
  const reset = { ...env, LATCHKEY_SECRET: "another secret, long enough to be one" };
  expect(await place.latchkey(["key", "reset", "--yes"], { env: reset })).toMatchObject({ status: 0 });

  await until(
    "the server refuses logins",
    async () => (await login(server.url, "admin", adminPassword)).status === 503,
  );
  expect(await isVoid(server.url, tokens)).toBe(true);
  await until(
    "readiness fails",
    async () => (await send(`${server.url}/health/ready`)).status === 503,
    5_000,
  );
  await until("the log names the cure", () =>
    server.stdout().includes("`latchkey key reset` sealed the signing keys with another secret: restart"),
  );
  await server.stop();
  expectRefusal(
    await place.latchkey(["serve", "--port", "0"], { env }),
    /not the secret .*`latchkey key reset`/,
  );
  const restarted = await place.server({ env: reset });
  expect((await login(restarted.url, "admin", adminPassword)).status).toBe(200);
  await restarted.stop();
});

test("a reset that fails leaves the old keys and sessions", async () => {
  const env = newFile();
  const server = await place.server({ env });
  const tokens = await signIn(server.url, "admin", adminPassword);
  await server.stop();
  const path = env["LATCHKEY_DATABASE"] ?? "";
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(path);
  database.exec(
    "create trigger full before insert on audit_events begin select raise(abort, 'disk full'); end",
  );
  expectRefusal(await place.latchkey(["key", "reset", "--yes"], { env }), /disk full/);
  database.exec("drop trigger full");
  database.close();
  const copy = place.path(`copy-${databases++}.db`);
  copyFileSync(path, copy);
  copyFileSync(`${path}.secret`, `${copy}.secret`);
  const again = await place.server({ env: { ...env, LATCHKEY_DATABASE: copy } });
  expect((await refresh(again.url, tokens.refresh)).status).toBe(200);
  await again.stop();
});
