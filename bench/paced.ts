import { setPriority } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import { inTurn, type Of, type Tally } from "./traffic.ts";

/** Open loop: each request has a planned time, and its latency starts then. */
export async function sendPaced(
  connections: readonly Connection[],
  { requests, perSecond }: Of<"paced">,
  tally: Tally,
): Promise<void> {
  preferThisProcess();
  const bytes = requests.map((request) => Buffer.from(request));
  const free = [...connections];
  const due: number[] = [];
  const underWay = new Set<Promise<void>>();
  let sent = 0;

  async function exchange(connection: Connection, since: number): Promise<void> {
    const { status } = await connection.send(inTurn(bytes, sent++));
    tally.count(status, since);
    free.push(connection);
    sendDue();
  }

  function sendDue(): void {
    while (due.length > 0 && free.length > 0) {
      const [since, connection] = [due.shift(), free.pop()];
      if (since === undefined || connection === undefined) return;
      const under = exchange(connection, since).finally(() => underWay.delete(under));
      underWay.add(under);
    }
  }

  const start = performance.now();
  for (let planned = 0; performance.now() < tally.end; await delay(1)) {
    const now = performance.now();
    for (; start + (planned * 1000) / perSecond <= now; planned++) {
      due.push(start + (planned * 1000) / perSecond);
    }
    sendDue();
  }
  while (underWay.size > 0) await Promise.all(underWay);
}

/**
 * Raises the priority of the load, which simulates another machine and must not wait for a busy processor.
 * Only root may do this. Without it, both compared rounds are equally affected.
 */
function preferThisProcess(): void {
  try {
    setPriority(-10);
  } catch {}
}
