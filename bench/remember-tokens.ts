import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { guardWorld } from "./guard-world.ts";

/** The memory of the process in bytes: when the cache of its guard is full, and after all tokens. */
export interface MemoryReport {
  readonly full: number;
  readonly after: number;
}

const total: number = JSON.parse(await text(process.stdin));
/** Five times the size of the cache. From then on each new token evicts an old one, and the code is compiled. */
const filled = 50_000;
const { guard: makeGuard, token } = await guardWorld();
const guard = makeGuard();

/** The memory in use, once another garbage collection frees almost nothing. */
async function heap(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error("start with --expose-gc");
  for (let before = Number.POSITIVE_INFINITY; ; await delay(20)) {
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    if (heapUsed + external > before * 0.999) return heapUsed + external;
    before = heapUsed + external;
  }
}

let full = 0;
for (let number = 0; number < total; number++) {
  if (number === filled) full = await heap();
  await guard.verify(token(number));
}
process.stdout.write(JSON.stringify({ full, after: await heap() } satisfies MemoryReport));
