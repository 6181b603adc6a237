import type { Client } from "pg";
import type { PoolFigures } from "../database.ts";
import { closed } from "./connect.ts";
import { isConnectionLimit } from "./engine-errors.ts";
import { PoolCeiling } from "./pool-ceiling.ts";

export interface ConnectionPoolOptions {
  readonly open: () => Promise<Client>;
  /** Maximum number of connections. */
  readonly max: number;
  /** Queue limit. Further requests are refused. */
  readonly maxWaiting: number;
  /** How long a request waits for a connection, in milliseconds. */
  readonly waitMs: number;
  /** Called when the server may be down: an idle connection broke, or none is open and none can be opened. */
  readonly onLost: (error: unknown) => void;
  /** Called when a further connection was refused: once, until the pool may have its full size again. */
  readonly onRefused: (error: unknown) => void;
  /** Called when a connection was refused and the pool has none. */
  readonly onStarved: () => void;
}

interface Waiter {
  readonly give: (client: Client) => void;
  readonly refuse: (error: unknown) => void;
}

const idleFor = 60_000;

/**
 * A connection pool that separates growth from use. A request waits for any connection, not for the one that is opened
 * on its behalf. So a refused new connection fails no request while others are open. `pg-pool` ties a request to its
 * new connection and fails both.
 */
export class ConnectionPool {
  readonly #options: ConnectionPoolOptions;
  readonly #ceiling: PoolCeiling;
  readonly #open = new Set<Client>();
  readonly #idle = new Map<Client, NodeJS.Timeout>();
  readonly #broken = new WeakSet<Client>();
  readonly #waiting = new Set<Waiter>();
  #opening = 0;
  #closing = 0;
  #probe: NodeJS.Timeout | undefined;
  #refusal: unknown;
  #ended: (() => void) | undefined;

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
    this.#ceiling = new PoolCeiling(options.max);
  }

  get figures(): PoolFigures {
    return {
      max: this.#options.max,
      allowed: this.#ceiling.value,
      size: this.#open.size,
      idle: this.#idle.size,
      waiting: this.#waiting.size,
    };
  }

  /** @throws the error of the last refused connection, if no connection is released in time */
  acquire(): Promise<Client> {
    const client = [...this.#idle.keys()].at(-1);
    if (client !== undefined) {
      this.#unidle(client);
      return Promise.resolve(client);
    }
    if (this.#waiting.size >= this.#options.maxWaiting)
      return Promise.reject(new Error("too many requests wait for a connection"));
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter = {
        give: (given) => {
          leave();
          resolve(given);
        },
        refuse: (error) => {
          leave();
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        const error = this.#refusal ?? new Error("no connection came free in time");
        waiter.refuse(error);
        if (this.#open.size === 0) this.#options.onLost(error);
      }, this.#options.waitMs).unref();
      this.#waiting.add(waiter);
      this.#grow();
    });
  }

  /** Returns a connection to the pool. @param discard closes it instead, after a failure on it */
  release(client: Client, discard = false): void {
    const [waiter] = this.#waiting;
    if (discard || this.#broken.has(client) || this.#ended !== undefined) void this.#discard(client);
    else if (waiter !== undefined) waiter.give(client);
    else this.#idle.set(client, setTimeout(() => void this.#discard(client), idleFor).unref());
  }

  /** Grows without a pause, after the server was found again. */
  tryAgain(): void {
    this.#ceiling.tryAgain();
    this.#grow();
  }

  /** Closes idle connections at once, the others when they are released. */
  async end(): Promise<void> {
    clearTimeout(this.#probe);
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    for (const waiter of this.#waiting) waiter.refuse(new Error("the pool is closed"));
    for (const client of [...this.#idle.keys()]) void this.#discard(client);
    this.#endIfEmpty();
    await ended;
  }

  #grow(): void {
    clearTimeout(this.#probe);
    while (this.#ended === undefined && this.#waiting.size > this.#opening) {
      const size = this.#open.size + this.#opening + this.#closing;
      if (!this.#ceiling.allows(size, this.#opening)) {
        if (size < this.#options.max && this.#opening === 0)
          this.#probe = setTimeout(() => this.#grow(), this.#ceiling.probeIn + 1).unref();
        return;
      }
      this.#opening++;
      void this.#openOne();
    }
  }

  async #openOne(): Promise<void> {
    try {
      const client = await this.#options.open();
      this.#opening--;
      this.#open.add(client);
      client.on("error", (error) => this.#broke(client, error));
      this.#ceiling.opened(this.#open.size);
      this.#refusal = undefined;
      this.release(client);
    } catch (error) {
      this.#opening--;
      this.#refusal = error;
      this.#refused(error);
    }
    this.#grow();
    this.#endIfEmpty();
  }

  #refused(error: unknown): void {
    if (this.#open.size === 0) this.#options.onStarved();
    if (this.#open.size === 0 && !isConnectionLimit(error)) {
      for (const waiter of this.#waiting) waiter.refuse(error);
      this.#options.onLost(error);
      return;
    }
    if (this.#ceiling.refused(this.#open.size)) this.#options.onRefused(error);
  }

  #broke(client: Client, error: Error): void {
    this.#broken.add(client);
    if (!this.#idle.has(client)) return;
    void this.#discard(client);
    this.#options.onLost(error);
  }

  #unidle(client: Client): void {
    clearTimeout(this.#idle.get(client));
    this.#idle.delete(client);
  }

  /** A closing connection counts until it is closed: until then the server has no slot for another. */
  async #discard(client: Client): Promise<void> {
    this.#unidle(client);
    if (!this.#open.delete(client)) return;
    this.#closing++;
    await closed(client);
    this.#closing--;
    this.#grow();
    this.#endIfEmpty();
  }

  #endIfEmpty(): void {
    if (this.#open.size + this.#opening + this.#closing === 0) this.#ended?.();
  }
}
