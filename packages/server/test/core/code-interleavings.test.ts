import fc from "fast-check";
import { expect, test } from "vitest";
import { LatchkeyError } from "../../src/core/errors.ts";
import { editor, type OauthWorld, oauthWorld, redemptionOf, stranger } from "./oauth-world.ts";
import { caller } from "./small-world.ts";

/** An act on one authorization. Acts of a batch run at the same time and in any order. */
type Act =
  | { readonly kind: "redeem"; readonly as: "editor" | "editor without verifier" | "stranger" }
  /** Presents the n-th of the refresh tokens issued so far. */
  | { readonly kind: "refresh"; readonly pick: number }
  | { readonly kind: "revoke" }
  | { readonly kind: "end all" }
  | { readonly kind: "disable" }
  | { readonly kind: "block" }
  | { readonly kind: "pass"; readonly ms: number };

const just = <const Kind extends Act["kind"]>(kind: Kind) => fc.constant({ kind });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("redeem" as const),
      as: fc.constantFrom(
        "editor" as const,
        "editor" as const,
        "editor without verifier" as const,
        "stranger" as const,
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("refresh" as const), pick: fc.nat(20) }) },
  { weight: 1, arbitrary: just("revoke") },
  { weight: 1, arbitrary: just("end all") },
  { weight: 1, arbitrary: just("disable") },
  { weight: 1, arbitrary: just("block") },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(1, 30_000, 61_000) }),
  },
);

/** Lets the scheduler decide when each call to the store runs. */
function scheduled(scheduler: fc.Scheduler): Parameters<typeof oauthWorld>[0] {
  const turn = () => scheduler.schedule(Promise.resolve());
  return {
    sessions: (sessions) => ({
      ...sessions,
      byId: async (id) => {
        await turn();
        return sessions.byId(id);
      },
      rotate: async (...change) => {
        await turn();
        return sessions.rotate(...change);
      },
      end: async (...change) => {
        await turn();
        return sessions.end(...change);
      },
    }),
    authorizations: (authorizations) => ({
      ...authorizations,
      byCode: async (hash) => {
        await turn();
        return authorizations.byCode(hash);
      },
      redeem: async (...trade) => {
        await turn();
        return authorizations.redeem(...trade);
      },
    }),
  };
}

const about = { at: 1_700_000_000_000, address: "test" } as const;

async function play(world: OauthWorld, scheduler: fc.Scheduler, batches: readonly (readonly Act[])[]) {
  const code = await world.allow();
  const granted: { readonly accessToken: string; readonly refreshToken?: string }[] = [];
  const trades: unknown[] = [];
  const by = { clientId: editor.id };
  let endedAt = Number.POSITIVE_INFINITY;
  let begun = 0;
  let acceptedAfterEnd = 0;

  /** Waits for an answer. An answer to a request that began after an acknowledged end must be a refusal. */
  async function answerOf<T>(request: Promise<T>): Promise<T | undefined> {
    const start = ++begun;
    try {
      const answer = await request;
      if (start > endedAt) acceptedAfterEnd++;
      return answer;
    } catch (error) {
      if (error instanceof LatchkeyError && error.code === "invalid_grant") return undefined;
      throw error;
    }
  }

  async function end(change: Promise<unknown>): Promise<void> {
    await change;
    await world.parts.revocations.poll();
    endedAt = Math.min(endedAt, begun);
  }

  async function perform(one: Act): Promise<void> {
    const { store } = world;
    switch (one.kind) {
      case "pass":
        return world.advance(one.ms);
      case "redeem": {
        const sent = redemptionOf(code, one.as === "editor" ? {} : { verifier: "x".repeat(43) });
        const client = one.as === "stranger" ? stranger : editor;
        const tokens = await answerOf(world.redeem(sent, client, caller));
        if (tokens !== undefined) trades.push(one.as);
        if (tokens !== undefined) granted.push(tokens);
        return;
      }
      case "refresh": {
        const { refreshToken } = granted[one.pick % granted.length] ?? {};
        if (refreshToken === undefined) return;
        const tokens = await answerOf(world.refresh({ refreshToken }, caller, by));
        if (tokens !== undefined) granted.push(tokens);
        return;
      }
      case "revoke": {
        const { refreshToken } = granted.at(-1) ?? {};
        if (refreshToken === undefined) return;
        return end(world.revokeToken(refreshToken, editor.id, caller));
      }
      case "end all":
        return end(store.sessions.endAll("user:alice", { name: "sessions.ended", ...about }));
      case "disable":
        return end(store.users.setActive("user:alice", false, { name: "user.disabled", ...about }));
      case "block":
        return end(store.clients.block(editor.id, "Editor", { name: "client.blocked", ...about }, ""));
    }
  }

  for (const batch of batches) await scheduler.waitFor(Promise.all(batch.map(perform)));
  return { granted, trades, acceptedAfterEnd, ended: endedAt < Number.POSITIVE_INFINITY };
}

test("any interleaving trades a code once at most, and nothing outlives an end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.array(act, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 5 }),
      async (scheduler, batches) => {
        await using world = await oauthWorld(scheduled(scheduler));
        const { granted, trades, acceptedAfterEnd, ended } = await play(world, scheduler, batches);
        const { refreshTokens, clock, checkAny } = world.parts;

        // One trade at most, by the client with its verifier.
        expect(trades.length).toBeLessThanOrEqual(1);
        expect(trades.every((as) => as === "editor")).toBe(true);
        expect(world.heard.filter(({ name }) => name === "authorization.redeemed")).toHaveLength(
          trades.length,
        );

        // Every generation has one token, though several answers may hold it.
        const texts = new Set(granted.flatMap(({ refreshToken = [] }) => refreshToken));
        const generations = [...texts].map((text) => refreshTokens.read(text)?.generation);
        expect(new Set(generations).size).toBe(generations.length);

        expect(acceptedAfterEnd).toBe(0);
        const live = await world.store.sessions.live(clock());
        expect(live.length).toBeLessThanOrEqual(trades.length);
        if (ended) expect(live).toEqual([]);
        if (live.length > 0) return;
        for (const { accessToken } of granted)
          await expect(checkAny(accessToken)).rejects.toMatchObject({ code: "token_revoked" });
      },
    ),
    { numRuns: 300 },
  );
});

test("twenty tabs that refresh at the same moment get one successor", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      await using world = await oauthWorld(scheduled(scheduler));
      const { refreshToken } = await scheduler.waitFor(world.grant());
      const by = { clientId: editor.id };
      const refreshing = Array.from({ length: 20 }, () => world.refresh({ refreshToken }, caller, by));
      const answers = await scheduler.waitFor(Promise.all(refreshing));
      expect(new Set(answers.map((answer) => answer.refreshToken)).size).toBe(1);
    }),
    { numRuns: 30 },
  );
});
