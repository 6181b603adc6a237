import { Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";
import { brokenPromises } from "../ledger/check.ts";
import { addPeople } from "./add-people.ts";
import { Calls } from "./calls.ts";
import { startCluster } from "./cluster.ts";
import { misfortunes } from "./misfortune.ts";
import { PeopleLoad, type Person } from "./people-load.ts";
import { seeded } from "./seeded.ts";

const seconds = Number(process.env["LATCHKEY_CHAOS_SECONDS"] ?? 60);
const seed = Number(process.env["LATCHKEY_CHAOS_SEED"] ?? Date.now() % 1_000_000);
const place = new Place();
const password = "the same for everybody";

const settings = {
  // An outage may last longer than the usual grace. A client without an answer sends the same token again.
  LATCHKEY_REFRESH_GRACE: "5m",
  LATCHKEY_THROTTLE_PAIR: "1000000/1h",
  LATCHKEY_THROTTLE_ACCOUNT: "1000000/1h",
  LATCHKEY_THROTTLE_ADDRESS: "1000000/1h",
};

test(`three replicas keep every promise (${seconds} s of faults, seed ${seed})`, async () => {
  await using cluster = await startCluster(place, 3, settings);
  const { store, url, replicas } = cluster;
  const people: Person[] = (await addPeople(store, 2000, password)).map((name) => ({
    name,
    sessions: new Set(),
    changing: false,
    changes: 0,
  }));
  const calls = new Calls(url);
  const random = seeded(seed);
  const event = (name: "user.disabled" | "user.enabled" | "user.password_changed") =>
    ({ name, at: Date.now(), address: "test" }) as const;

  /** Disables and enables the user, or sets the same password again. Both end all sessions. */
  async function endAll({ name }: Person): Promise<boolean> {
    const id = `user:${name}`;
    try {
      if (random() < 0.5) {
        const hash = (await store.users.byId(id))?.passwordHash ?? "";
        return await store.users.setPassword(id, hash, event("user.password_changed"));
      }
      const ended = await store.users.setActive(id, false, event("user.disabled"));
      await until(
        "the user is enabled after disabling",
        () => store.users.setActive(id, true, event("user.enabled")).catch(() => false),
        60_000,
      );
      return ended;
    } catch {
      await until(
        "the user is enabled",
        () => store.users.setActive(id, true, event("user.enabled")).catch(() => false),
        60_000,
      );
      return false;
    }
  }

  const load = new PeopleLoad({ calls, people, password, random, endAll });
  const end = performance.now() + seconds * 1000;
  const running = load.run(32);
  const happened = await misfortunes(cluster, seeded(seed + 1), () => performance.now() > end);
  await until(
    "all replicas are ready",
    async () => {
      const answers = replicas.map(({ url: one }) => fetch(`${one}/health/ready`).catch(() => undefined));
      return (await Promise.all(answers)).every((answer) => answer?.status === 200);
    },
    30_000,
  );
  load.stop();
  await running;

  // At the end, every replica agrees on live and ended sessions.
  const after = new Calls(url);
  const wrong: string[] = [];
  const left = load.held.filter(({ state }) => state !== "being ended");
  const ask = async () => {
    for (let held = left.pop(); held !== undefined; held = left.pop()) {
      const { id, tokens, state } = held;
      const { status } = await after.refresh(id, tokens.refresh);
      if (status !== (state === "lives" ? 200 : 401))
        wrong.push(`${id} ${state} at the end, and is answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, ask));
  const entries = [...calls.entries, ...after.entries];
  const of = (act: string, status: number | undefined) =>
    entries.filter((entry) => entry.act === act && entry.status === status).length;
  const acts = ["login", "refresh", "trade", "me", "logout", "replay", "user_ended"] as const;
  const table = acts.map(
    (act) =>
      `${act}: ${[200, 401, 503, undefined].map((status) => `${status ?? "no answer"} ${of(act, status)}`).join(", ")}`,
  );
  process.stdout.write(
    `${happened.join("; ")}\n${load.held.length} sessions, ${entries.length} answers\n${table.join("\n")}\n`,
  );
  expect(wrong.slice(0, 10)).toEqual([]);
  expect(brokenPromises(entries).slice(0, 10)).toEqual([]);
  // The run is valid only if faults happened and every act succeeded.
  expect(happened.length).toBeGreaterThan(seconds / 20);
  for (const act of acts) expect(of(act, act === "replay" ? 401 : 200), act).toBeGreaterThan(0);
});
