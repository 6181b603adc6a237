import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import type { Traffic } from "./load-plan.ts";
import { refreshRequest } from "./requests.ts";

/** Until when to send, and where answers are counted. Times are those of `performance.now()`. */
export interface Tally {
  readonly end: number;
  count(status: number, since: number): void;
}

/** One kind of traffic. */
export type Of<Kind extends Traffic["kind"]> = Extract<Traffic, { kind: Kind }>;

/** Closed loop: the next request of a connection leaves when the last is answered. */
export async function sendRepeatedly(
  connections: readonly Connection[],
  { requests, restAfter503 = 0 }: Of<"repeat">,
  tally: Tally,
): Promise<void> {
  const bytes = requests.map((request) => Buffer.from(request));
  await Promise.all(
    connections.map(async (connection, number) => {
      for (let turn = number; performance.now() < tally.end; turn++) {
        const since = performance.now();
        const { status } = await connection.send(inTurn(bytes, turn));
        tally.count(status, since);
        if (status === 503) await delay(restAfter503);
      }
    }),
  );
}

/** Closed loop of refreshes, each with the token of the answer before. @returns the last tokens */
export function sendRefreshes(
  connections: readonly Connection[],
  tokens: readonly string[],
  tally: Tally,
): Promise<string[]> {
  return Promise.all(
    connections.map(async (connection, number) => {
      let token = inTurn(tokens, number);
      while (performance.now() < tally.end) {
        const since = performance.now();
        const { status, body } = await connection.send(Buffer.from(refreshRequest(token)));
        tally.count(status, since);
        if (status !== 200) throw new Error(`refresh answered ${status}: ${body}`);
        token = tokenIn(body);
      }
      return token;
    }),
  );
}

/** The item whose turn it is. */
export function inTurn<Item>(items: readonly Item[], turn: number): Item {
  const item = items[turn % items.length];
  if (item === undefined) throw new Error("nothing to send");
  return item;
}

/** Reads the token without parsing the rest: the load must cost less than what it measures. */
function tokenIn(body: Buffer): string {
  const [, token] = /"refresh_token":"([^"]+)"/.exec(body.toString("latin1")) ?? [];
  if (token === undefined) throw new Error("an answer without refresh_token");
  return token;
}
