import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AuthClient } from "../src/index.ts";
import { modelLifetime, sessionOf } from "./model-server.ts";
import { type Fate, ModelWorld } from "./model-world.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

type Step =
  | { readonly act: "login" | "token" | "me" | "logout"; readonly client: number }
  | { readonly act: "pass"; readonly seconds: number }
  | { readonly act: "end all" };

const steps = (clients: number) =>
  fc.array(
    fc.oneof(
      { weight: 8, arbitrary: callsOf("token", clients) },
      { weight: 3, arbitrary: callsOf("me", clients) },
      { weight: 3, arbitrary: callsOf("logout", clients) },
      { weight: 2, arbitrary: callsOf("login", clients) },
      {
        weight: 6,
        arbitrary: fc.record({ act: fc.constant("pass"), seconds: fc.constantFrom(85, modelLifetime) }),
      },
      { weight: 1, arbitrary: fc.record({ act: fc.constant("end all") }) },
    ),
    { minLength: 2, maxLength: 12 },
  );

const fates = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Fate>("answered") },
    { weight: 1, arbitrary: fc.constantFrom<Fate>("unavailable", "lost on the way", "answer lost") },
  ),
  { maxLength: 12 },
);

/** A scheduler that lets all consequences of a step happen before the next step. */
const scheduler = () =>
  fc.scheduler({
    act: async (step) => {
      await step();
      for (let turn = 0; turn < 3; turn++) await setImmediate();
    },
  });

function callsOf<Act extends "login" | "token" | "me" | "logout">(act: Act, clients: number) {
  return fc.record({ act: fc.constant(act), client: fc.nat(clients - 1) });
}

/** Asks for a token and checks the result against the model. */
async function checkToken(world: ModelWorld, auth: AuthClient, alone: boolean): Promise<void> {
  const askedAt = Date.now();
  const outAtFirst = world.lastEvent === "logout";
  const loginsBefore = world.logins;
  const sessions = new Set(world.given ? [sessionOf(world.given.accessToken)] : []);
  const watch = (session: number) => void sessions.add(session);
  world.watching.add(watch);
  const token = await auth.token().catch(() => undefined);
  world.watching.delete(watch);
  if (token === undefined) return;
  // A login meanwhile may give its token, even if a logout has begun since.
  const stayedOut = outAtFirst && world.logins === loginsBefore;
  expect(stayedOut, "a token after the logout").toBe(false);
  expect(sessions, "a token of another session").toContain(sessionOf(token));
  // A caller that shares a refresh, or waits longer than a token lives, may get an expired token.
  if (alone && Date.now() === askedAt)
    expect(world.server.until(token), "a token that had expired").toBeGreaterThan(askedAt);
}

/** Signs out. If that succeeds, the session must have ended on the server as well. */
async function checkLogout(world: ModelWorld, auth: AuthClient): Promise<void> {
  const leaving = () => world.leaving.get(auth) ?? 0;
  const before = world.kept;
  world.leaving.set(auth, leaving() + 1);
  world.lastEvent = "logout";
  const left = await auth
    .logout()
    .result()
    .catch((error: unknown) => {
      if (error === world.full) return { ok: false };
      throw error;
    });
  world.leaving.set(auth, leaving() - 1);
  if (left.ok && before && world.store.name !== undefined)
    expect(world.server.isOver(sessionOf(before.accessToken)), "over on the server").toBe(true);
}

async function check(world: ModelWorld, scheduled: fc.Scheduler, taken: readonly Step[]): Promise<void> {
  const under: Promise<unknown>[] = [];
  let open = 0;
  const call = (act: "login" | "token" | "me" | "logout", client: number): Promise<unknown> => {
    const auth = world.clients[client];
    if (!auth) throw new Error("Unknown client");
    if (act === "token") return checkToken(world, auth, open === 0);
    if (act === "logout") return checkLogout(world, auth);
    return (act === "me" ? auth.me() : auth.login({ username: "alice", password: "alice123" })).result();
  };
  const begin = (step: Step): void => {
    if (step.act === "pass") vi.setSystemTime(Date.now() + step.seconds * 1000);
    else if (step.act === "end all") world.server.endAll();
    else {
      const done = call(step.act, step.client).finally(() => {
        open--;
      });
      open++;
      done.catch(() => {});
      under.push(done);
    }
  };
  scheduled.scheduleSequence(
    taken.map((step) => ({ label: JSON.stringify(step), builder: async () => begin(step) })),
  );
  await scheduled.waitIdle();
  await through(scheduled, under);
  expect(world.faults).toEqual([]);
  if (world.clients.length === 1) expect(world.server.replays, "replays").toBe(0);
  world.heal();
  // Time for a retry of a refused write.
  vi.setSystemTime(Date.now() + 1_000);
  if (world.lastEvent === "login") return;
  const asked = world.clients.map((auth) =>
    expect(auth.token()).rejects.toMatchObject({ kind: "signed_out" }),
  );
  await through(scheduled, asked);
  expect(world.kept, "what is kept after the logout").toBeUndefined();
}

/** Runs the scheduler until all calls have settled. */
async function through(scheduled: fc.Scheduler, under: Promise<unknown>[]): Promise<void> {
  let over = false;
  void Promise.allSettled(under).then(() => {
    over = true;
  });
  while (!over) {
    await scheduled.waitIdle();
    await setImmediate();
  }
  await Promise.all(under);
}

test("one client with a slow store, in any order of events", async () => {
  await fc.assert(
    fc.asyncProperty(scheduler(), fates, steps(1), (scheduled, drawn, taken) =>
      check(new ModelWorld(scheduled, drawn, { clients: 1 }), scheduled, taken),
    ),
    { numRuns: 300 },
  );
});

test("one client with a store that refuses writes, in any order of events", async () => {
  const refusals = fc.array(fc.boolean(), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(scheduler(), fates, refusals, steps(1), (scheduled, drawn, refused, taken) =>
      check(new ModelWorld(scheduled, drawn, { clients: 1, refusals: refused }), scheduled, taken),
    ),
    { numRuns: 300 },
  );
});

let runs = 0;

test("two tabs that share a store, in any order of events", async () => {
  await fc.assert(
    fc.asyncProperty(scheduler(), fates, steps(2), (scheduled, drawn, taken) =>
      check(new ModelWorld(scheduled, drawn, { clients: 2, name: `run ${++runs}` }), scheduled, taken),
    ),
    { numRuns: 300 },
  );
});
