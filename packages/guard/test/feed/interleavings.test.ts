import fc from "fast-check";
import { expect, test } from "vitest";
import { json, OwnIssuer } from "../own-issuer.ts";
import { Following } from "./following.ts";

/** The events between an issuer and a guard that follows it. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant("some end" as const), count: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("connections are cut" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant("restored" as const), lost: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("the oldest are pruned" as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("streams cannot be had" as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("streams can be had" as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("all is away" as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("all is back" as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("a heartbeat" as const) }) },
  // So many other events happen first.
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant("a moment" as const), turns: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("a look" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A guard that follows the issuer through these events, and its invariants. */
class Life {
  readonly #issuer: OwnIssuer;
  readonly #following: Following;
  readonly #heard = new Set<string>();
  #sessions = 0;
  #marks = 0;

  constructor(issuer: OwnIssuer, following: Following) {
    this.#issuer = issuer;
    this.#following = following;
  }

  async take(next: Step): Promise<void> {
    const issuer = this.#issuer;
    if (next.what === "some end") {
      for (let left = next.count; left > 0; left--) issuer.end(`session-${this.#sessions++}`);
    } else if (next.what === "connections are cut") issuer.cut();
    else if (next.what === "restored") issuer.restore(issuer.reach - next.lost);
    else if (next.what === "the oldest are pruned") issuer.ended = issuer.ended.slice(-2);
    else if (next.what === "streams cannot be had") {
      issuer.streams = json(() => ({}), 502);
      issuer.cut();
    } else if (next.what === "streams can be had") issuer.streams = undefined;
    else if (next.what === "all is away") {
      issuer.answers.set("/revocations", (request) => void request.socket.destroy());
      issuer.cut();
    } else if (next.what === "all is back") issuer.answers.delete("/revocations");
    else if (next.what === "a heartbeat") issuer.heartbeat();
    else if (next.what === "a moment") {
      for (let turns = next.turns; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
    } else await this.look();
  }

  /** An ended session is refused once the feed is followed up to its entry. */
  async look(): Promise<void> {
    const { answers } = this.#issuer;
    const away = answers.get("/revocations");
    answers.delete("/revocations");
    const mark = `mark-${this.#marks++}`;
    this.#issuer.end(mark);
    const ended = this.#issuer.ended.map(({ sessionId }) => sessionId);
    await this.#following.ended(mark);
    for (const session of ended) expect(this.#following.revocations.isRevoked(session), session).toBe(true);
    // A known entry stays, even if a restored issuer has lost it.
    for (const { sessionId } of this.#following.all("session.ended")) this.#heard.add(sessionId);
    for (const session of this.#heard)
      expect(this.#following.revocations.isRevoked(session), session).toBe(true);
    if (away !== undefined) answers.set("/revocations", away);
  }
}

test("in every interleaving a guard that follows refuses every ended session", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      await using issuer = await OwnIssuer.start();
      await using following = new Following(issuer, {
        timings: { firstWait: 1, longestWait: 2, pollInterval: 1 },
      });
      const life = new Life(issuer, following);
      for (const next of steps) await life.take(next);
      await life.look();
      await following.verdict("nobody");
      expect(following.health).toMatchObject({ staleFor: 0 });
      // Only ended sessions are refused.
      expect(following.revocations.isRevoked("nobody")).toBe(false);
    }),
    { numRuns: 150, timeout: 20_000 },
  );
}, 120_000);
