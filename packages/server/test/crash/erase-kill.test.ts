import { writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { send, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";

const kills = Number(process.env["LATCHKEY_CRASHES"] ?? 50);
const clients = 3;
const people = kills * 100;
/** More than ten batches of a rewriting of the trail. */
const events = 60_000;
const place = new Place();

function onDatabase<Result>(work: (database: DatabaseSync) => Result): Result {
  using database = new DatabaseSync(place.database, { timeout: 5_000 });
  return work(database);
}
const rows = (sql: string) => onDatabase((database) => database.prepare(sql).all());

/** The number of events of each subject. */
const eventsBySubject = () =>
  new Map(
    rows(
      "select subject, count(*) as count from audit_events where subject is not null group by subject",
    ).map(({ subject, count }) => [String(subject), Number(count)]),
  );

/** Whether a rewriting is in the middle of the events that `addPeople` wrote. */
const isRewriting = () =>
  rows(`select 1 from erasures where pseudonym is not null and rewritten_to > 0 and rewritten_to < ${events}`)
    .length > 0;
const isRewritten = () =>
  rows(`select 1 from erasures where pseudonym is not null
    and rewritten_to < (select max(number) from audit_events) limit 1`).length === 0;

/** Erases one user after another. */
class Erasures {
  readonly answered = new Set<string>();
  #next = 0;

  /** Goes on until the server is gone. @param most erasures of this call */
  async load(url: string, token: string, most = people): Promise<void> {
    for (let tries = 0; tries < most && this.#next < people; tries++) {
      const id = `user:person${this.#next++}`;
      const request = { method: "POST", headers: { authorization: `Bearer ${token}` } };
      const answer = await send(`${url}/admin/v1/users/${id}/erase`, request).catch(() => undefined);
      if (answer === undefined) return;
      if (answer.status !== 200) throw new Error(`erasure: ${answer.text}`);
      this.answered.add(id);
    }
  }
}

async function addPeople(): Promise<void> {
  const server = await place.server();
  const file = place.path("users.jsonl");
  const lines = Array.from({ length: people }, (_, n) =>
    JSON.stringify({ username: `person${n}`, email: `person${n}@example.com` }),
  );
  writeFileSync(file, `${lines.join("\n")}\n`);
  expect(await place.latchkey(["user", "import", file])).toMatchObject({ status: 0, stderr: "" });
  await server.stop();
  onDatabase((database) =>
    database.exec(`
      insert into audit_events (at, name, subject, address, request_id)
      with recursive counted (n) as (select 0 union all select n + 1 from counted where n + 1 < ${events})
      select ${Date.now()}, 'login.succeeded', 'user:person' || (n % ${people}), '10.0.0.' || (n % 250), 'request-' || n
      from counted`),
  );
}

test(`after ${kills} kills, every erasure is whole or was never made`, async () => {
  await addPeople();
  const before = eventsBySubject();
  const erasures = new Erasures();
  let server: ServerProcess = await place.server();
  for (let kill = 0; kill < kills; kill++) {
    const { access } = await signIn(server.url, "admin", adminPassword);
    const enough = erasures.answered.size + 1 + Math.random() * 4;
    // Every tenth kill hits the rewriting of the trail, which begins within five seconds.
    const hitsRewriting = kill % 10 === 0;
    const most = hitsRewriting ? 2 : people;
    const load = Promise.all(Array.from({ length: clients }, () => erasures.load(server.url, access, most)));
    await until("some users are erased", () => erasures.answered.size >= enough, 60_000, 5);
    if (hitsRewriting) await until("the trail is being rewritten", isRewriting, 60_000, 2);
    expect(await server.stop("SIGKILL")).toEqual({ status: null, signal: "SIGKILL" });
    await load;
    server = await place.server();
    if (!hitsRewriting) continue;
    // Further erasures would repair what the killed one left out, because they read the trail from its beginning.
    await until("the trail is rewritten", isRewritten, 60_000, 100);
    expect(rows("select number from audit_events where subject in (select user_id from erasures)")).toEqual(
      [],
    );
  }
  await until("the trail is rewritten", isRewritten, 300_000, 500);

  const after = eventsBySubject();
  const there = new Set(
    rows("select id from users where id like 'user:person%'").map(({ id }) => String(id)),
  );
  const pseudonyms = new Map(
    rows("select user_id, pseudonym from erasures").map(({ user_id, pseudonym }) => [
      String(user_id),
      String(pseudonym),
    ]),
  );
  expect(erasures.answered.size).toBeGreaterThan(kills);
  expect(erasures.answered.difference(pseudonyms)).toEqual(new Set());
  for (let number = 0; number < people; number++) {
    const id = `user:person${number}`;
    const pseudonym = pseudonyms.get(id);
    expect(there.has(id)).toBe(pseudonym === undefined);
    const count = before.get(id) ?? 0;
    // The erasure itself is one more event.
    if (pseudonym === undefined) expect(after.get(id)).toBe(count);
    else expect([after.get(id), after.get(pseudonym)]).toEqual([undefined, count + 1]);
  }
  expect(
    rows(
      "select 1 from audit_events where subject like 'erased:%' and (address like '10.%' or request_id like 'request-%')",
    ),
  ).toEqual([]);
  const erased = rows("select subject from audit_events where name = 'user.erased'").map(
    ({ subject }) => subject,
  );
  expect(new Set(erased)).toEqual(new Set(pseudonyms.values()));
  expect(erased).toHaveLength(pseudonyms.size);
  await server.stop();
});
