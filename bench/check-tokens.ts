import { text } from "node:stream/consumers";
import { jwtVerify } from "jose";
import { guardWorld } from "./guard-world.ts";

/** How many checks one round makes. */
export interface CheckPlan {
  readonly seen: number;
  readonly fresh: number;
}

/** Checks per second: one token over and over, and tokens that were never seen; by the guard and by `jose`. */
export interface CheckReport {
  readonly seen: number;
  readonly fresh: number;
  readonly jose: number;
}

const plan: CheckPlan = JSON.parse(await text(process.stdin));
const { guard: makeGuard, key, pinned, token } = await guardWorld();
const tokens = Array.from({ length: plan.fresh }, (_, number) => token(number));
const one = token(-1);

async function perSecond(times: number, check: (number: number) => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  for (let number = 0; number < times; number++) await check(number);
  return (times / (performance.now() - begun)) * 1000;
}

async function round(): Promise<CheckReport> {
  const guard = makeGuard();
  const fresh = await perSecond(tokens.length, (number) => guard.verify(tokens[number]));
  const jose = await perSecond(tokens.length, (number) => jwtVerify(tokens[number] ?? "", key, pinned));
  await guard.verify(one);
  const seen = await perSecond(plan.seen, () => guard.verify(one));
  return { seen, fresh, jose };
}

// The first round compiles.
await round();
process.stdout.write(JSON.stringify(await round()));
