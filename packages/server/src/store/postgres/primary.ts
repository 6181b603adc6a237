import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { storeUnavailable } from "../../core/errors.ts";
import type { PoolFigures } from "../database.ts";
import type { PostgresHost, PostgresPlace } from "../place.ts";
import type { Timeouts } from "./client-options.ts";
import { connect } from "./connect.ts";
import { ConnectionPool } from "./connection-pool.ts";
import { errorClassOf, logReasonOf } from "./engine-errors.ts";
import { findPrimary } from "./find-primary.ts";

export interface PrimaryOptions {
  readonly place: PostgresPlace;
  /** Maximum number of connections. */
  readonly connections: number;
  readonly timeouts: Timeouts;
  /** Called whenever the primary was found, once its pool has a connection. */
  readonly onFound: (host: PostgresHost) => void;
  /** Called when a further connection was refused, once per episode. @param reason for the log */
  readonly onRefused: (reason: string) => void;
  /** Called when a connection was refused and the pool has no open one. */
  readonly onStarved: () => void;
}

/** Queue limit for each connection. Further requests get 503. */
const waitingPerConnection = 100;
/** Longest wait of a request for a connection, in milliseconds. Opening one may take longer. */
const longestWait = 2000;
/** How long a request waits for the search for the primary, counted from its begin, in milliseconds. */
const searchTimeout = 250;
/** Pause between two searches while no host takes writes, in milliseconds. */
const retryDelay = 200;

/**
 * The host that takes writes, and the connections to it. A broken connection starts a search among all hosts, over open
 * connections and new ones. A request waits a quarter of a second for the result and is then refused. A refused new
 * connection starts no search while others are open.
 */
export class Primary {
  readonly #options: PrimaryOptions;
  readonly #pools = new Map<PostgresHost, ConnectionPool>();
  #host: PostgresHost | undefined;
  #search: Promise<void> | undefined;
  #searchedSince = 0;
  #reason = "not looked for yet";
  /** Number of the last call of `found`. The reports of earlier calls stop. */
  #foundCall = 0;
  #closed = false;

  constructor(options: PrimaryOptions) {
    this.#options = options;
  }

  get figures(): PoolFigures {
    const pool = this.#host && this.#pools.get(this.#host);
    const max = this.#options.connections;
    return pool?.figures ?? { max, allowed: max, size: 0, idle: 0, waiting: 0 };
  }

  /** Runs `work` on a connection to the primary. The connection is closed if `work` fails. */
  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const pool = await this.#pool();
    const client = await pool.acquire().catch((error: unknown) => {
      throw storeUnavailable(logReasonOf(error));
    });
    try {
      const done = await work(client);
      pool.release(client);
      return done;
    } catch (error) {
      pool.release(client, true);
      if (errorClassOf(error) === "connection") this.searchAgain(logReasonOf(error));
      throw error;
    }
  }

  /** Uses this host from now on: it has just answered that it takes writes. */
  found(host: PostgresHost): void {
    this.#host = host;
    const pool = this.#poolOf(host);
    pool.tryAgain();
    void this.#reportFound(pool, host);
  }

  /** Requests have priority over the callback: it waits until the pool has a connection. */
  async #reportFound(pool: ConnectionPool, host: PostgresHost): Promise<void> {
    const foundCall = ++this.#foundCall;
    const isOver = () => this.#closed || this.#host !== host || this.#foundCall !== foundCall;
    while (!isOver()) {
      const client = await pool.acquire().catch(() => undefined);
      if (client !== undefined) pool.release(client);
      if (isOver()) return;
      if (client !== undefined) return this.#options.onFound(host);
      await sleep(retryDelay, undefined, { ref: false });
    }
  }

  /** Searches for the primary again. @param reason for the log */
  searchAgain(reason: string): void {
    this.#reason = reason;
    if (this.#search !== undefined || this.#closed) return;
    this.#host = undefined;
    this.#searchedSince = performance.now();
    this.#search = this.#find().finally(() => {
      this.#search = undefined;
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#search;
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()));
  }

  async #pool(): Promise<ConnectionPool> {
    if (this.#host === undefined && this.#search !== undefined) {
      const left = this.#searchedSince + searchTimeout - performance.now();
      if (left > 0) await Promise.race([this.#search, sleep(left, undefined, { ref: false })]);
    }
    if (this.#host === undefined) throw storeUnavailable(this.#reason);
    return this.#poolOf(this.#host);
  }

  async #find(): Promise<void> {
    const { place, timeouts } = this.#options;
    for (;;) {
      const found = await findPrimary(place, timeouts, this.#pools).catch((error: unknown) => {
        this.#reason = logReasonOf(error);
        return undefined;
      });
      if (this.#closed) return;
      if (found !== undefined) return this.found(found);
      await sleep(retryDelay, undefined, { ref: false });
    }
  }

  #poolOf(host: PostgresHost): ConnectionPool {
    let pool = this.#pools.get(host);
    if (pool === undefined) {
      const { place, connections, timeouts, onRefused, onStarved } = this.#options;
      pool = new ConnectionPool({
        open: () => connect(place, host, timeouts),
        max: connections,
        maxWaiting: connections * waitingPerConnection,
        waitMs: Math.min(timeouts.connect, timeouts.answer, longestWait),
        onLost: (error) => {
          if (this.#host === host) this.searchAgain(logReasonOf(error));
        },
        onRefused: (error) => onRefused(logReasonOf(error)),
        onStarved,
      });
      this.#pools.set(host, pool);
    }
    return pool;
  }
}
