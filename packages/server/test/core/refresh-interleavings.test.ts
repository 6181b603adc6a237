import fc from "fast-check";
import { expect, test } from "vitest";
import { isTokenRefusal, LatchkeyError } from "../../src/core/errors.ts";
import type { Session, Sessions } from "../../src/core/stories/sessions.ts";
import { caller, type SmallWorld, smallWorld } from "./small-world.ts";

/** An act on one session. Acts run at the same time and in any order. */
type Act =
  /** Presents the n-th of the refresh tokens issued so far. */
  | { readonly kind: "refresh"; readonly pick: number }
  /** Trades the n-th access token. */
  | { readonly kind: "trade"; readonly pick: number }
  | { readonly kind: "logout" }
  | { readonly kind: "pass"; readonly ms: number }
  /** Sets the wall clock forward or back. */
  | { readonly kind: "step"; readonly ms: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("refresh" as const), pick: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("trade" as const), pick: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "logout" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(1, 9_000, 61_000, 4e6) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("step" as const),
      ms: fc.constantFrom(-4e6, -9_000, 9_000, 4e6),
    }),
  },
);

/** Lets the scheduler decide when each call to the store runs. */
function scheduled(scheduler: fc.Scheduler) {
  return (sessions: Sessions): Sessions => ({
    ...sessions,
    byId: async (id) => {
      await scheduler.schedule(Promise.resolve(), "look");
      return sessions.byId(id);
    },
    rotate: async (...change) => {
      await scheduler.schedule(Promise.resolve(), "rotate");
      return sessions.rotate(...change);
    },
    touch: async (...change) => {
      await scheduler.schedule(Promise.resolve(), "touch");
      return sessions.touch(...change);
    },
    end: async (...change) => {
      await scheduler.schedule(Promise.resolve(), "end");
      return sessions.end(...change);
    },
  });
}

/** Plays acts against one session. The acts of a batch run together, in the order of the scheduler. */
async function play(world: SmallWorld, scheduler: fc.Scheduler, batches: readonly (readonly Act[])[]) {
  const opened = await world.open();
  const refreshTokens = [opened.refresh];
  const accessTokens = [opened.access];
  let loggedOut = false;
  let begunAfterLogout = 0;

  async function refused(work: Promise<unknown>): Promise<boolean> {
    try {
      await work;
      return false;
    } catch (error) {
      if (isTokenRefusal(error)) return true;
      throw error;
    }
  }

  async function perform(one: Act): Promise<void> {
    const afterLogout = loggedOut;
    if (one.kind === "pass") return world.advance(one.ms);
    if (one.kind === "step") return world.stepWallClock(one.ms);
    if (one.kind === "logout") {
      if (!(await refused(world.signOut(accessTokens[0], caller)))) loggedOut = true;
      return;
    }
    const issued = one.kind === "refresh" ? refreshTokens : accessTokens;
    const token = issued[one.pick % issued.length] ?? "";
    const grant = one.kind === "refresh" ? { refreshToken: token } : { currentToken: token };
    const wasRefused = await refused(
      world.refresh(grant, caller).then((answer) => {
        accessTokens.push(answer.accessToken);
        if (answer.refreshToken !== undefined && !refreshTokens.includes(answer.refreshToken)) {
          refreshTokens.push(answer.refreshToken);
        }
      }),
    );
    if (afterLogout && !wasRefused) begunAfterLogout++;
  }

  for (const batch of batches) {
    const performed = Promise.all(batch.map(perform));
    await scheduler.waitFor(performed);
  }
  return { opened, refreshTokens, accessTokens, loggedOut, begunAfterLogout };
}

test("any interleaving leaves at most one live successor, none after an end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.array(act, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 5 }),
      async (scheduler, batches) => {
        await using world = await smallWorld(scheduled(scheduler));
        const { opened, refreshTokens, accessTokens, loggedOut, begunAfterLogout } = await play(
          world,
          scheduler,
          batches,
        );
        const session = await world.store.sessions.byId(opened.sessionId);
        const read = refreshTokens.map((text) => world.refreshTokens.read(text));

        // Every generation has one token, though several answers may hold it.
        const generations = read.map((token) => token?.generation);
        expect(new Set(generations).size).toBe(generations.length);

        // Exactly one of all issued tokens is the session's current one.
        const current = read.filter(
          (token) =>
            token !== undefined && world.refreshTokens.stateOf(token).refreshHash === session?.refreshHash,
        );
        expect(current.length).toBe(1);

        expect(begunAfterLogout).toBe(0);
        if (loggedOut) expect(session?.endedAt).toEqual(expect.any(Number));
        if (session?.endedAt === null) return;
        // The session has ended: every token of it is refused from now on.
        for (const token of accessTokens) await expect(world.check(token)).rejects.toSatisfy(isTokenRefusal);
        for (const refreshToken of refreshTokens) {
          const late = world.refresh({ refreshToken }, caller);
          late.catch(() => {});
          await expect(scheduler.waitFor(late)).rejects.toSatisfy(isTokenRefusal);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("tabs that refresh at the same moment go on, at any step of the clock", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 2, max: 8 }),
      fc.array(fc.constantFrom(-4e6, -9_000, 9_000, 4e6), { maxLength: 3 }),
      async (scheduler, tabs, steps) => {
        await using world = await smallWorld(scheduled(scheduler));
        const { refresh: refreshToken } = await world.open();
        const stepping = steps.map(async (ms) => {
          await scheduler.schedule(Promise.resolve(), "step");
          world.stepWallClock(ms);
        });
        const refreshing = Array.from({ length: tabs }, () => world.refresh({ refreshToken }, caller));
        const [answers] = await scheduler.waitFor(Promise.all([Promise.all(refreshing), ...stepping]));
        const successors = new Set(answers.map((answer) => answer.refreshToken));
        expect(successors.size).toBe(1);
        for (const successor of successors) {
          const next = await scheduler.waitFor(world.refresh({ refreshToken: successor ?? "" }, caller));
          expect(next.refreshToken).not.toBe(successor);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test.each([-3_600_000, 3_600_000])(
  "a refresh overtaken by a replica %i ms off gets the successor",
  async (off) => {
    await using world = await smallWorld((sessions) => ({
      ...sessions,
      async rotate(id, from, to, use, event) {
        await sessions.rotate(id, from, to, { ...use, lastUsedAt: use.lastUsedAt + off }, event);
        return sessions.rotate(id, from, to, use, event);
      },
    }));
    const { refresh: refreshToken, sessionId } = await world.open();
    const { refreshToken: successor = "" } = await world.refresh({ refreshToken }, caller);
    const session = await world.store.sessions.byId(sessionId);
    expect(world.refreshTokens.read(successor)).toMatchObject({ generation: session?.generation });
  },
);

test("the grace starts at the committed rotation, not at a failed one", async () => {
  let failing = true;
  await using world = await smallWorld((sessions) => ({
    ...sessions,
    async rotate(id, from, to, use, event) {
      if (failing) throw new LatchkeyError("store_unavailable");
      return sessions.rotate(id, from, to, use, event);
    },
  }));
  const { refresh: refreshToken, sessionId } = await world.open();
  await expect(world.refresh({ refreshToken }, caller)).rejects.toMatchObject({ code: "store_unavailable" });
  failing = false;
  world.advance(3_600_000);
  // Another replica makes the rotation that failed here.
  const token = world.refreshTokens.read(refreshToken);
  const session = await world.store.sessions.byId(sessionId);
  if (token === undefined || session === undefined) throw new Error("no session");
  const to = world.refreshTokens.stateOf(world.refreshTokens.successor(token));
  const now = session.createdAt + 3_600_000;
  const use = { lastUsedAt: now, expiresAt: session.expiresAt, tokensUntil: session.tokensUntil };
  await world.store.sessions.rotate(sessionId, session, to, use, {
    name: "token.refreshed",
    at: now,
    address: "test",
  });
  await expect(world.refresh({ refreshToken }, caller)).resolves.toHaveProperty("refreshToken");
});

test("a compare-and-set that keeps failing ends with 503", async () => {
  let rotations = 0;
  await using world = await smallWorld((sessions) => ({
    ...sessions,
    async rotate() {
      rotations++;
      return false;
    },
  }));
  const { refresh: refreshToken, sessionId } = await world.open();
  await expect(world.refresh({ refreshToken }, caller)).rejects.toMatchObject({ code: "store_unavailable" });
  expect(rotations).toBe(3);
  expect(await world.store.sessions.byId(sessionId)).toMatchObject({ endedAt: null, generation: 0 });
});

test("a token newer than its rolled back database is refused, without a replay", async () => {
  let restored: Session | undefined;
  await using world = await smallWorld((sessions) => ({
    ...sessions,
    byId: async (id) => restored ?? sessions.byId(id),
  }));
  const { refresh: first, sessionId } = await world.open();
  const backup = await world.store.sessions.byId(sessionId);
  const { refreshToken: second = "" } = await world.refresh({ refreshToken: first }, caller);
  const { refreshToken: third = "" } = await world.refresh({ refreshToken: second }, caller);
  restored = backup;
  await expect(world.refresh({ refreshToken: third }, caller)).rejects.toMatchObject({
    code: "invalid_token",
  });
  expect((await world.store.sessions.live(0)).map(({ id }) => id)).toEqual([sessionId]);
});
