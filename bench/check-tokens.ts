import { text } from "node:stream/consumers";
import { jwtVerify } from "jose";
import { guardWorld } from "./guard-world.ts";

/** The number of checks in a round. */
export interface CheckPlan {
  readonly seen: number;
  readonly fresh: number;
}

/** Checks per second: the guard with one repeated token, the guard with new tokens, and `jose` with new tokens. */
export interface CheckReport {
  readonly seen: number;
  readonly fresh: number;
  readonly jose: number;
}

const plan: CheckPlan = JSON.parse(await text(process.stdin));
const { guard: makeGuard, key, pinned, token } = await guardWorld();
/** The size of a batch. The guard checks every other batch of new tokens, and `jose` the rest. */
const batch = 50;
const batches = Array.from({ length: (2 * plan.fresh) / batch }, (_, one) =>
  Array.from({ length: batch }, (_, number) => token(one * batch + number)),
);
const one = token(-1);

/** Checks tokens. @returns the duration in milliseconds */
async function timeOf(tokens: readonly string[], check: (token: string) => Promise<unknown>) {
  const begun = performance.now();
  for (const each of tokens) await check(each);
  return performance.now() - begun;
}

async function round(): Promise<CheckReport> {
  const guard = makeGuard();
  const spent = { fresh: 0, jose: 0 };
  for (const [number, tokens] of batches.entries()) {
    // In turns, so that other work of the machine slows both down.
    if (number % 2 === 0) spent.fresh += await timeOf(tokens, (each) => guard.verify(each));
    else spent.jose += await timeOf(tokens, (each) => jwtVerify(each, key, pinned));
  }
  await guard.verify(one);
  const seen = await timeOf(
    Array.from({ length: plan.seen }, () => one),
    () => guard.verify(one),
  );
  const perSecond = (times: number, ms: number) => (times / ms) * 1000;
  return {
    seen: perSecond(plan.seen, seen),
    fresh: perSecond(plan.fresh, spent.fresh),
    jose: perSecond(plan.fresh, spent.jose),
  };
}

// The first round warms up the compiler.
await round();
process.stdout.write(JSON.stringify(await round()));
