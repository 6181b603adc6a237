import { DatabaseSync } from "node:sqlite";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { expect, test } from "vitest";
import { checkSessions, checkUsers } from "./check.ts";
import { type KnownSession, type KnownUser, Ledger } from "./ledger.ts";
import { startLoad } from "./load.ts";

const crashes = Number(process.env["LATCHKEY_CRASHES"] ?? 50);
const clients = 12;
const place = new Place();

/** The throttle would hide losses. The grace must outlast the time until the next check of a refresh. */
const env = {
  LATCHKEY_THROTTLE_PAIR: "100000/1h",
  LATCHKEY_THROTTLE_ACCOUNT: "100000/1h",
  LATCHKEY_THROTTLE_ADDRESS: "100000/1h",
  LATCHKEY_REFRESH_GRACE: "10m",
};

test(`every acknowledged change survives each of ${crashes} crashes`, async () => {
  const ledger = new Ledger(["admin", "ada", "bea", "cleo", "dora", "eve"], adminPassword);
  let server = await place.server({ env });
  for (const { name } of ledger.users.slice(1)) {
    const flags = ["--email", `${name}@example.com`];
    const added = await place.latchkey(["user", "add", name, ...flags], { input: adminPassword });
    expect(added).toMatchObject({ status: 0, stderr: "" });
  }

  for (let crash = 1; crash <= crashes; crash++) {
    const known = ledger.sessions.length;
    await loadUntilKilled(server, ledger, crash);
    server = await place.server({ env });
    await checkUsers(server.url, ledger);
    const touched = ledger.sessions.slice(known);
    await checkSessions(server.url, ledger, [...touched, ...some(40, ledger.sessions.slice(0, known))]);
    expect(ledger.broken, `after crash ${crash}`).toEqual([]);
  }

  await checkSessions(server.url, ledger, ledger.sessions);
  expect(ledger.broken).toEqual([]);
  expect(await server.stop()).toEqual({ status: 0, signal: null });
  expect(integrityOf(place.database)).toEqual([{ integrity_check: "ok" }]);

  const { answered } = ledger;
  for (const count of [answered.logins, answered.refreshes, answered.trades, answered.logouts]) {
    expect(count).toBeGreaterThan(crashes);
  }
  expect(answered.passwords).toBeGreaterThanOrEqual(Math.floor(crashes / 10));
});

/** One crash in ten follows an acknowledged password change. Another one in ten comes during a change. */
async function loadUntilKilled(server: ServerProcess, ledger: Ledger, crash: number): Promise<void> {
  const user = ledger.users[crash % ledger.users.length];
  const change =
    crash % 5 === 0 && user !== undefined
      ? startPasswordChange(ledger, user, `passphrase ${crash}`)
      : undefined;
  const load = startLoad(server.url, ledger, clients);
  if (crash % 10 === 0) await change?.answered;
  else await moment(change === undefined ? 100 : 300, change === undefined ? 400 : 800);

  change?.kill();
  expect(await server.stop("SIGKILL")).toEqual({ status: null, signal: "SIGKILL" });
  expect(server.stderr()).toBe("");
  await load.over;
  await change?.answered;
}

/** `latchkey user passwd` beside the running server. If it is killed before its answer, the outcome is unknown. */
function startPasswordChange(ledger: Ledger, user: KnownUser, password: string) {
  user.attempted = password;
  const command = place.start(["user", "passwd", user.name], { input: password });
  const answered = command.exited.then(({ status }) => {
    if (status === 0) ledger.passwordChanged(user, password);
    else if (status !== null) ledger.breach("a password can be changed", { user }, command.stderr());
  });
  return { answered, kill: () => command.kill("SIGKILL") };
}

/** Load for a random time, so that crashes hit any state. @param least in milliseconds @param most in milliseconds */
function moment(least: number, most: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, least + Math.random() * (most - least)));
}

function some(count: number, of: readonly KnownSession[]): KnownSession[] {
  if (of.length <= count) return [...of];
  const start = Math.floor(Math.random() * (of.length - count));
  return of.slice(start, start + count);
}

function integrityOf(path: string): unknown[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const found = database.prepare("pragma integrity_check").all();
  database.close();
  return found;
}
