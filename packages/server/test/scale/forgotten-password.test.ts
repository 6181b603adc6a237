import { send } from "@latchkey/testkit/server/auth-calls";
import { Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";
import { ownProcess } from "../replicas/own-process.ts";
import { engines, numbers, type ScaleDatabase } from "./engines.ts";
import { friedman, type Round } from "./rank-test.ts";

const place = new Place();

/**
 * The names that a stranger may type. Two groups are unknown: their difference is the noise of the machine. A local
 * account has an address at localhost, as the first administrator of a new database.
 */
const groups = ["known", "unknown", "strange", "disabled", "local"] as const;
type Group = (typeof groups)[number];

const rounds = 200;
/** Rounds that are not counted: the compiler and the caches warm up. */
const warming = 20;

/** A right server fails one run in a million for each measure. */
const smallest = 1e-6;

/** Every name is as long as the others. */
const nameOf = (group: Group, number: number | string) => `${group.padEnd(8, "-")}${number}`;

/** Adds the accounts, and keeps each row of the outbox as it is inserted. */
async function prepare(database: ScaleDatabase, engine: string): Promise<void> {
  const accounts = [
    ["known", "example.com", 1],
    ["disabled", "example.com", 0],
    ["local", "localhost", 1],
  ] as const;
  for (const [group, host, active] of accounts) {
    const name = `'${nameOf(group, "")}' || (n + 1000)`;
    const address = `${name} || '@${host}'`;
    await database.query(`insert into users
      (id, username, username_key, email, email_key, display_name, roles, password_hash, active, revision, created_at)
      ${numbers(rounds + warming)} select 'user:' || ${name}, ${name}, ${name}, ${address}, ${address}, null,
        '["user"]', '!', ${active}, 0, 0 from numbers`);
  }
  await database.query("create table inserted (kind text, about text)");
  const keep = "insert into inserted values (new.kind, coalesce(new.user_id, new.details))";
  if (engine === "SQLite") {
    await database.query(`create trigger keep after insert on outbox begin ${keep}; end`);
    return;
  }
  await database.query(
    `create function keep() returns trigger language plpgsql as $$ begin ${keep}; return new; end $$`,
  );
  await database.query("create trigger keep after insert on outbox for each row execute function keep()");
}

describe.each(engines)("on %s", (engine, open) => {
  test("the time of an answer tells nothing about an account, nor does that of the next one", async () => {
    await using database = await open(place);
    await prepare(database, engine);
    using mails = await ownProcess("../scale/mail-process.ts");
    const { url, stop } = await place.server({
      env: {
        ...database.env,
        LATCHKEY_SMTP_URL: `smtp://127.0.0.1:${mails.port}`,
        LATCHKEY_MAIL_FROM: "login@example.com",
        LATCHKEY_TRUSTED_PROXIES: "127.0.0.1",
      },
    });
    let network = 0;
    async function ask(username: string): Promise<number> {
      network++;
      const headers = {
        "content-type": "application/json",
        "x-forwarded-for": `10.${network >> 8}.${network & 255}.7`,
      };
      const body = JSON.stringify({ username });
      const begun = performance.now();
      const { status } = await send(`${url}/auth/password/forgot`, { method: "POST", headers, body });
      const time = performance.now() - begun;
      expect(status).toBe(202);
      return time;
    }
    async function probe(): Promise<number> {
      const begun = performance.now();
      const { status } = await send(`${url}/auth/me`);
      const time = performance.now() - begun;
      expect(status).toBe(401);
      return time;
    }
    const waiting = async () => Number((await database.query("select count(*) as n from outbox"))[0]?.["n"]);

    const answers: Round<Group>[] = [];
    const next: Round<Group>[] = [];
    for (let round = 1; round <= rounds + warming; round++) {
      const answer = { known: 0, unknown: 0, strange: 0, disabled: 0, local: 0 };
      const after = { ...answer };
      for (const group of shuffled(groups)) {
        answer[group] = await ask(nameOf(group, 1000 + round));
        after[group] = await probe();
        await until("the outbox is empty", async () => (await waiting()) === 0, 20_000, 1);
      }
      if (round <= warming) continue;
      answers.push(answer);
      next.push(after);
    }
    expect((await stop()).status).toBe(0);

    // One request for each name. Names without an active account cause no mail.
    const inserted = await database.query("select kind, about from inserted");
    const of = (kind: string, group: Group) =>
      inserted.filter((row) => row["kind"] === kind && String(row["about"]).includes(nameOf(group, "")))
        .length;
    for (const group of groups)
      expect([group, of("reset_request", group)]).toEqual([group, rounds + warming]);
    expect(of("reset", "known")).toBe(rounds + warming);
    for (const group of ["unknown", "strange", "disabled"] as const) expect(of("reset", group)).toBe(0);

    for (const measured of [answers, next]) {
      expect(friedman(groups, measured), shown(measured)).toBeGreaterThan(smallest);
      // The test would find a difference as large as the noise.
      const spread = quantile(measured, "unknown", 0.75) - quantile(measured, "unknown", 0.25);
      const slower = measured.map((round) => ({ ...round, known: round.known + spread }));
      expect(friedman(groups, slower)).toBeLessThan(smallest);
    }
  });
});

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .toSorted((one, other) => one.key - other.key)
    .map(({ item }) => item);
}

function quantile(measured: readonly Round<Group>[], group: Group, share: number): number {
  const sorted = measured.map((round) => round[group]).toSorted((one, other) => one - other);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}

/** The quartiles of every group, for the message. */
function shown(measured: readonly Round<Group>[]): string {
  const of = (group: Group) =>
    [0.25, 0.5, 0.75].map((share) => quantile(measured, group, share).toFixed(2)).join(" ");
  return groups.map((group) => `${group}: ${of(group)} ms`).join("; ");
}
