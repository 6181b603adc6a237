import type { Client } from "pg";
import type { PostgresHost, PostgresPlace } from "../place.ts";
import type { Timeouts } from "./client-options.ts";
import { closed, connect } from "./connect.ts";

/** Between the end of one connection and the next, in milliseconds. */
const pause = 200;
/** The longest pause between two attempts to listen, and the pause after the connection was given up, in milliseconds. */
const longestPause = 30_000;

/**
 * One connection on which the database says that something changed that others follow. It is a convenience: what changed
 * is read again every 250 ms besides. So when no connection can be had, it tries again later, and requests come first.
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
  /** Counts the calls of `listen`, so that an attempt sees that a later one has taken its place. */
  #turn = 0;

  /** @param onBroken is told that the connection has ended; `listen` is to be called again */
  constructor(place: PostgresPlace, timeouts: Timeouts, onBroken: (error: Error) => void) {
    this.#place = place;
    this.#timeouts = timeouts;
    this.#onBroken = onBroken;
  }

  /** A listener that comes after the connection is called at once: it missed the first call. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
    if (this.#client !== undefined) listener();
  }

  /** Listens at this host from now on. Something may have changed before, so that is told as well. */
  listen(host: PostgresHost): void {
    // The primary can be found again while the database is being closed.
    if (this.#closed) return;
    this.#host = host;
    void this.#stop();
    const rest = this.#yieldedUntil - performance.now();
    if (rest > 0) this.#later(rest, () => this.listen(host));
    else void this.#connect(host, this.#turn, pause);
  }

  /** Gives its connection up for a while. */
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

  async #connect(host: PostgresHost, turn: number, wait: number): Promise<void> {
    let client: Client | undefined;
    try {
      client = await connect(this.#place, host, this.#timeouts);
      await client.query("listen latchkey");
    } catch {
      if (client !== undefined) void closed(client);
      const longer = Math.min(2 * wait, longestPause);
      if (turn === this.#turn) this.#later(wait, () => void this.#connect(host, turn, longer));
      return;
    }
    if (turn !== this.#turn) return closed(client);
    this.#client = client;
    client.on("notification", () => this.#tell());
    const broken = (error: Error) => {
      if (turn !== this.#turn) return;
      void this.#stop();
      this.#later(pause, () => this.#onBroken(error));
    };
    client.on("error", broken).on("end", () => broken(new Error("the connection that listens has ended")));
    this.#tell();
  }

  #stop(): Promise<void> {
    this.#turn++;
    clearTimeout(this.#timer);
    const before = this.#client;
    this.#client = undefined;
    return before === undefined ? Promise.resolve() : closed(before);
  }

  #later(wait: number, work: () => void): void {
    this.#timer = setTimeout(work, wait).unref();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
