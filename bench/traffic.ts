import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import { type TokenRequest, withToken } from "./requests.ts";

/** The traffic of a load generator. Requests are prepared HTTP bytes as text. */
export type Traffic =
  /** Closed loop: each connection sends the next request after the last response. */
  | {
      readonly kind: "repeat";
      /** Sent in turn. Connection number n starts with request number n. */
      readonly requests: readonly string[];
      /** How long a connection pauses after a 503, in milliseconds. */
      readonly restAfter503?: number;
      /** Text that is in the body of every response. */
      readonly contains?: string;
    }
  /** Each request is sent once, in turn, on the next free connection. */
  | { readonly kind: "once"; readonly requests: readonly string[] }
  /** Each connection refreshes its own session repeatedly, with the token of the last response. */
  | {
      readonly kind: "refresh";
      readonly tokens: readonly string[];
      readonly request: TokenRequest;
    }
  /** Open loop: requests are sent at planned times, so a slow server does not reduce the load. */
  | { readonly kind: "paced"; readonly requests: readonly string[]; readonly perSecond: number };

/** The end of the load, and a counter of responses. Times are from `performance.now()`. */
export interface Tally {
  readonly end: number;
  count(status: number, since: number): void;
}

/** One kind of traffic. */
export type Of<Kind extends Traffic["kind"]> = Extract<Traffic, { kind: Kind }>;

/** Closed loop: each connection sends the next request after the last response. */
export async function sendRepeatedly(
  connections: readonly Connection[],
  { requests, restAfter503 = 0, contains = "" }: Of<"repeat">,
  tally: Tally,
): Promise<void> {
  const bytes = requests.map((request) => Buffer.from(request));
  await Promise.all(
    connections.map(async (connection, number) => {
      for (let turn = number; performance.now() < tally.end; turn++) {
        const since = performance.now();
        const { status, body } = await connection.send(inTurn(bytes, turn));
        tally.count(status, since);
        if (!body.includes(contains)) throw new Error(`no ${contains} in the response ${status}: ${body}`);
        if (status === 503) await delay(restAfter503);
      }
    }),
  );
}

/** Sends each request once. */
export async function sendOnce(
  connections: readonly Connection[],
  { requests }: Of<"once">,
  tally: Tally,
): Promise<void> {
  const left = requests.values();
  await Promise.all(
    connections.map(async (connection) => {
      for (const request of left) {
        const since = performance.now();
        const { status } = await connection.send(Buffer.from(request));
        tally.count(status, since);
      }
    }),
  );
}

/** Closed loop of refreshes, each with the token of the last response. @returns the last tokens */
export function sendRefreshes(
  connections: readonly Connection[],
  { tokens, request }: Of<"refresh">,
  tally: Tally,
): Promise<string[]> {
  const { next } = request;
  const member = next === undefined ? undefined : new RegExp(`"${next}":"([^"]+)"`);
  return Promise.all(
    connections.map(async (connection, number) => {
      let token = inTurn(tokens, number);
      while (performance.now() < tally.end) {
        const since = performance.now();
        const { status, body } = await connection.send(Buffer.from(withToken(request, token)));
        tally.count(status, since);
        if (status !== 200) throw new Error(`refresh answered ${status}: ${body}`);
        if (member !== undefined) token = tokenIn(body, member);
      }
      return token;
    }),
  );
}

/** The item of a turn. */
export function inTurn<Item>(items: readonly Item[], turn: number): Item {
  const item = items[turn % items.length];
  if (item === undefined) throw new Error("the list of requests is empty");
  return item;
}

/** Reads the token without parsing the rest, because the load must cost less than the measured program. */
function tokenIn(body: Buffer, member: RegExp): string {
  const [, token] = member.exec(body.toString("latin1")) ?? [];
  if (token === undefined) throw new Error(`the response has no ${member.source}`);
  return token;
}
