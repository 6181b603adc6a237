import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { guardWorld } from "./guard-world.ts";

/** Memory of the process, in bytes, after its guard has checked more tokens than it remembers, and after all. */
export interface MemoryReport {
  readonly full: number;
  readonly after: number;
}

const total: number = JSON.parse(await text(process.stdin));
/** Five times as many as a guard remembers: it forgets one for each that it learns, and all is compiled. */
const filled = 50_000;
const { guard: makeGuard, token } = await guardWorld();
const guard = makeGuard();

/** What is in use when collecting again frees next to nothing. */
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
