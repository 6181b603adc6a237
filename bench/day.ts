import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import { bearerRequest, loginRequest, meRequest, refreshRequest } from "./requests.ts";

/** What a person does in a day: a login, questions who they are, refreshes with more questions, and a logout. */
export const day = { refreshes: 8, questions: 10 } as const;

/** The requests of a day. */
export const stepsOfDay = 2 + day.refreshes + (day.refreshes + 1) * day.questions;

export type Operation = "login" | "me" | "refresh" | "logout";

/** The operation of a step, counted from 0. */
export function operationAt(step: number): Operation {
  if (step === 0) return "login";
  if (step === stepsOfDay - 1) return "logout";
  return step % (day.questions + 1) === 0 ? "refresh" : "me";
}

/** A person with a session, between two steps of a day. */
export class Person {
  readonly #login: Buffer;
  #step = 0;
  #access = "";
  #refresh = "";

  constructor(username: string, password: string) {
    this.#login = Buffer.from(loginRequest(username, password));
  }

  /** Logs in, and goes on from a later step, so that people are at different times of their days. */
  async begin(connection: Connection, step: number): Promise<void> {
    this.#step = 0;
    await this.act(connection);
    this.#step = Math.max(1, step % stepsOfDay);
  }

  /** Takes the next step. @throws if it is refused */
  async act(connection: Connection): Promise<Operation> {
    const operation = operationAt(this.#step);
    const { status, body } = await connection.send(this.#request(operation));
    if (status !== 200) throw new Error(`${operation} answered ${status}: ${body}`);
    if (operation === "login" || operation === "refresh") {
      const { access_token: access, refresh_token: refresh } = JSON.parse(body.toString());
      this.#access = access;
      this.#refresh = refresh;
    }
    this.#step = (this.#step + 1) % stepsOfDay;
    return operation;
  }

  #request(operation: Operation): Buffer {
    if (operation === "login") return this.#login;
    if (operation === "refresh") return Buffer.from(refreshRequest(this.#refresh));
    if (operation === "me") return Buffer.from(meRequest(this.#access));
    return Buffer.from(bearerRequest("/auth/logout", this.#access).replace("GET", "POST"));
  }
}

/**
 * Lets people take their steps, each on a free connection: at planned times, or without a pause.
 *
 * @param perSecond planned steps per second. Undefined: each connection always has a step under way.
 * @param end of `performance.now()`
 * @param count called after each step, with the planned time of its request
 */
export async function live(
  people: readonly Person[],
  connections: readonly Connection[],
  { perSecond, end }: { readonly perSecond: number | undefined; readonly end: number },
  count: (operation: Operation, since: number) => void,
): Promise<void> {
  const [idle, free] = [[...people], [...connections]];
  const due: number[] = [];
  const underWay = new Set<Promise<void>>();

  async function step(person: Person, connection: Connection, since: number): Promise<void> {
    count(await person.act(connection), since);
    idle.push(person);
    free.push(connection);
    begin();
  }

  function begin(): void {
    const now = performance.now();
    while (free.length > 0 && idle.length > 0 && now < end) {
      const since = perSecond === undefined ? now : due.shift();
      if (since === undefined) return;
      const [person, connection] = [idle.shift(), free.pop()];
      if (person === undefined || connection === undefined) return;
      const under = step(person, connection, since).finally(() => underWay.delete(under));
      underWay.add(under);
    }
  }

  const start = performance.now();
  for (let planned = 0; performance.now() < end; await delay(1)) {
    if (perSecond !== undefined) {
      for (; start + (planned * 1000) / perSecond <= performance.now(); planned++) {
        due.push(start + (planned * 1000) / perSecond);
      }
    }
    begin();
  }
  await Promise.all(underWay);
}
