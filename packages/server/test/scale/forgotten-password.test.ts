import { send } from "@latchkey/testkit/server/auth-calls";
import { Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";
import { ownProcess } from "../replicas/own-process.ts";
import { engines, numbers, type ScaleDatabase } from "./engines.ts";
import { expectSameTimes, warming } from "./timed-rounds.ts";

const place = new Place();
const issuer = "https://login.example.com";

/**
 * The names that a stranger may type. Two groups are unknown: their difference is the noise of the machine. A local
 * account has an address at localhost, as the first administrator of a new database.
 */
type Group = "known" | "unknown" | "strange" | "disabled" | "local";

/** Requests of strangers that must not tell whether an account exists. */
interface Asked {
  readonly what: string;
  readonly groups: readonly [Group, ...Group[]];
  readonly rounds: number;
  /** Mails that wait for their next try all the time. */
  readonly backlog: number;
  readonly path: string;
  readonly form: "json" | "page";
  readonly fields: (name: string) => Record<string, string>;
  readonly status: number;
  /** The rows that requests of a group write into the outbox. Every request of a stranger writes one at least. */
  readonly rows: Partial<Record<Group, readonly string[]>>;
}

const forgot = {
  groups: ["known", "unknown", "strange", "disabled", "local"],
  path: "/auth/password/forgot",
  form: "json",
  fields: (username: string) => ({ username }),
  status: 202,
  rows: {
    known: ["reset", "reset_request"],
    unknown: ["reset_request"],
    strange: ["reset_request"],
    disabled: ["reset_request"],
  },
} as const;

const asked: readonly Asked[] = [
  { ...forgot, what: "a forgotten password", rounds: 150, backlog: 0 },
  { ...forgot, what: "a forgotten password while mails wait", rounds: 120, backlog: 5_000 },
  {
    ...{ ...forgot, what: "a forgotten password on the page", rounds: 120, backlog: 0 },
    ...{ path: "/account/forgot", form: "page", status: 200 },
  },
  {
    what: "a sign-up",
    groups: ["known", "unknown", "strange"],
    rounds: 120,
    backlog: 0,
    path: "/auth/sign-up",
    form: "json",
    fields: (name) => ({ email: `${name}@example.com` }),
    status: 202,
    rows: { known: ["sign_up_known"], unknown: ["sign_up"], strange: ["sign_up"] },
  },
];

/** Every name is as long as the others. */
const nameOf = (group: Group, number: number | string) => `${group.padEnd(8, "-")}${number}`;

/** Adds the accounts and the backlog, and keeps each row of the outbox that is inserted later. */
async function prepare(database: ScaleDatabase, engine: string, { rounds, backlog }: Asked): Promise<void> {
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
  const now = Date.now();
  await database.query(`insert into outbox
    (id, kind, recipient, language, details, created_at, next_try_at, attempts)
    ${numbers(backlog)} select 'waiting-' || n, 'sign_up', 'waiting@example.com', 'en', '{}', ${now},
      ${now + 3_600_000}, 1 from numbers where ${backlog} > 0`);
  await database.query("create table inserted (kind text, about text)");
  const keep =
    "insert into inserted values (new.kind, coalesce(new.user_id, '') || new.details || new.recipient)";
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
  test.for(asked.map((one) => [one.what, one] as const))(
    "the time of an answer tells nothing of an account, nor does the next one: %s",
    async ([, one]) => {
      await using database = await open(place);
      await prepare(database, engine, one);
      using mails = await ownProcess("../scale/mail-process.ts");
      const { url, stop } = await place.server({
        env: {
          ...database.env,
          LATCHKEY_ISSUER: issuer,
          LATCHKEY_SMTP_URL: `smtp://127.0.0.1:${mails.port}`,
          LATCHKEY_MAIL_FROM: "login@example.com",
          LATCHKEY_SIGN_UP: "example.com",
          LATCHKEY_TRUSTED_PROXIES: "127.0.0.1",
        },
      });
      let network = 0;
      const timed = async (status: number, path: string, init?: RequestInit) => {
        const begun = performance.now();
        const answer = await send(url + path, init);
        const time = performance.now() - begun;
        expect(answer.status, answer.text).toBe(status);
        return time;
      };
      const { groups, rounds, backlog, rows } = one;
      const waiting = async () =>
        Number((await database.query("select count(*) as n from outbox"))[0]?.["n"]);
      await expectSameTimes<Group>({
        groups,
        rounds,
        ask(group, round) {
          network++;
          const fields = one.fields(nameOf(group, 1000 + round));
          const from = { "x-forwarded-for": `10.${network >> 8}.${network & 255}.7` };
          return timed(one.status, one.path, {
            method: "POST",
            ...(one.form === "json"
              ? { body: JSON.stringify(fields), headers: { ...from, "content-type": "application/json" } }
              : { body: new URLSearchParams(fields), headers: { ...from, origin: issuer } }),
          });
        },
        probe: () => timed(401, "/auth/me"),
        settled: () => until("the outbox is empty", async () => (await waiting()) <= backlog, 20_000, 1),
      });
      expect(await waiting()).toBe(backlog);
      expect((await stop()).status).toBe(0);

      const inserted = await database.query("select kind, about from inserted order by kind");
      for (const group of groups) {
        const kinds = rows[group];
        if (kinds === undefined) continue;
        const ofGroup = inserted.filter((row) => String(row["about"]).includes(nameOf(group, "")));
        const times = rounds + warming;
        expect(
          Object.groupBy(ofGroup, ({ kind }) => String(kind)),
          group,
        ).toEqual(
          Object.fromEntries(kinds.map((kind) => [kind, expect.objectContaining({ length: times })])),
        );
      }
    },
  );
});
