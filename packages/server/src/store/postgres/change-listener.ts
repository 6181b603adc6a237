import type { Client } from "pg";
import type { PostgresHost, PostgresPlace } from "../place.ts";
import type { Timeouts } from "./client-options.ts";
import { closed, connect } from "./connect.ts";

/** Pause before a lost connection is opened again, in milliseconds. */
const pause = 200;
/** Longest pause between two attempts, and the pause after `yield`, in milliseconds. */
const longestPause = 30_000;

/**
 * A connection that receives notifications of changed keys and sessions. Notifications only save time, because both are
 * polled every 250 ms as well. So requests have priority: without a free connection the listener retries later.
 */
export class ChangeListener {
  readonly #place: PostgresPlace;
  readonly #timeouts: Timeouts;
  readonly #listeners = new Set<() => void>();
  readonly #onBroken: (error: Error) => void;
  #host: PostgresHost | undefined;
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #yieldedUntil = 0;
  #closed = false;
  /** Raised when a connection is replaced or given up. An attempt with an older number stops. */
  #attempt = 0;

  /** @param onBroken called when the connection has ended; the caller then calls `listen` again */
  constructor(place: PostgresPlace, timeouts: Timeouts, onBroken: (error: Error) => void) {
    this.#place = place;
    this.#timeouts = timeouts;
    this.#onBroken = onBroken;
  }

  /** A listener added after the connection was opened is called at once, because it missed the first call. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
    if (this.#client !== undefined) listener();
  }

  /** Listens at this host from now on. Listeners are called once, because changes before this were missed. */
  listen(host: PostgresHost): void {
    // The primary can be found while the database is being closed.
    if (this.#closed) return;
    this.#host = host;
    void this.#stop();
    const rest = this.#yieldedUntil - performance.now();
    if (rest > 0) this.#later(rest, () => this.listen(host));
    else void this.#connect(host, this.#attempt, pause);
  }

  /** Closes the connection for 30 seconds, so that a request can have it. */
  yield(): void {
    if (this.#client === undefined || this.#host === undefined) return;
    this.#yieldedUntil = performance.now() + longestPause;
    this.listen(this.#host);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#host = undefined;
    await this.#stop();
  }

  async #connect(host: PostgresHost, attempt: number, wait: number): Promise<void> {
    let client: Client | undefined;
    try {
      client = await connect(this.#place, host, this.#timeouts);
      await client.query("listen latchkey");
    } catch {
      if (client !== undefined) void closed(client);
      const longer = Math.min(2 * wait, longestPause);
      if (attempt === this.#attempt) this.#later(wait, () => void this.#connect(host, attempt, longer));
      return;
    }
    if (attempt !== this.#attempt) return closed(client);
    this.#client = client;
    client.on("notification", () => this.#notify());
    const broken = (error: Error) => {
      if (attempt !== this.#attempt) return;
      void this.#stop();
      this.#later(pause, () => this.#onBroken(error));
    };
    client.on("error", broken).on("end", () => broken(new Error("the connection that listens has ended")));
    this.#notify();
  }

  #stop(): Promise<void> {
    this.#attempt++;
    clearTimeout(this.#timer);
    const before = this.#client;
    this.#client = undefined;
    return before === undefined ? Promise.resolve() : closed(before);
  }

  #later(wait: number, work: () => void): void {
    this.#timer = setTimeout(work, wait).unref();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
