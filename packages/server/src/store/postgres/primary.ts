import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "pg";
import type { PoolFigures } from "../database.ts";
import type { PostgresHost, PostgresPlace } from "../place.ts";
import type { Patience } from "./client-options.ts";
import { connect } from "./connect.ts";
import { ConnectionPool } from "./connection-pool.ts";
import { findPrimary } from "./find-primary.ts";
import { reasonOf, troubleOf, unavailable } from "./trouble.ts";

export interface PrimaryOptions {
  readonly place: PostgresPlace;
  /** Connections at most. */
  readonly connections: number;
  readonly patience: Patience;
  /** Called when a connection beyond the open ones was refused, once an episode. @param reason for the log */
  readonly onRefused: (reason: string) => void;
  /** Called when a connection was refused and the pool has none for requests. */
  readonly onStarved: () => void;
}

/** Requests that may wait, for each connection. Further ones get 503. */
const waitingPerConnection = 100;
/** How long a request waits for a connection at most, in milliseconds. Opening one may be allowed longer. */
const longestWait = 2000;
/** How long a request waits for a search that has just begun, in milliseconds. */
const searchPatience = 250;
/** Between two looks at the hosts while none is the primary, in milliseconds. */
const lookAgainAfter = 200;

/**
 * The server that takes writes, among one or several hosts, and the connections to it. When a connection breaks, it
 * looks for the primary anew, over the connections there are and over new ones; meanwhile requests are refused at once.
 * A refused new connection starts no search while others work.
 */
export class Primary {
  readonly #options: PrimaryOptions;
  readonly #pools = new Map<PostgresHost, ConnectionPool>();
  readonly #listeners = new Set<(host: PostgresHost) => void>();
  #host: PostgresHost | undefined;
  #search: Promise<void> | undefined;
  #searchedSince = 0;
  #reason = "not looked for yet";
  #turn = 0;
  #closed = false;

  constructor(options: PrimaryOptions) {
    this.#options = options;
  }

  get figures(): PoolFigures {
    const pool = this.#host && this.#pools.get(this.#host);
    const max = this.#options.connections;
    return pool?.figures ?? { max, allowed: max, size: 0, idle: 0, waiting: 0 };
  }

  /** Calls back whenever the primary was found, at first or again. */
  onFound(listener: (host: PostgresHost) => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Runs `work` on a connection to the primary. A connection on which something failed is not used again.
   */
  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const pool = await this.#pool();
    const client = await pool.acquire().catch((error: unknown) => {
      throw unavailable(reasonOf(error));
    });
    try {
      const done = await work(client);
      pool.release(client);
      return done;
    } catch (error) {
      pool.release(client, true);
      if (troubleOf(error) === "connection") this.doubt(reasonOf(error));
      throw error;
    }
  }

  /** Takes a host for the primary that has just shown that it is. */
  found(host: PostgresHost): void {
    this.#host = host;
    const pool = this.#poolOf(host);
    pool.tryAgain();
    void this.#tell(pool, host);
  }

  /** Requests come first: the listeners hear of the host when the pool has a connection. */
  async #tell(pool: ConnectionPool, host: PostgresHost): Promise<void> {
    const turn = ++this.#turn;
    const isOver = () => this.#closed || this.#host !== host || this.#turn !== turn;
    while (!isOver()) {
      const client = await pool.acquire().catch(() => undefined);
      if (client !== undefined) pool.release(client);
      if (isOver()) return;
      if (client !== undefined) {
        for (const listener of this.#listeners) listener(host);
        return;
      }
      await delay(lookAgainAfter, undefined, { ref: false });
    }
  }

  /** Looks for the primary anew. @param reason for the log */
  doubt(reason: string): void {
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
      const left = this.#searchedSince + searchPatience - performance.now();
      if (left > 0) await Promise.race([this.#search, delay(left, undefined, { ref: false })]);
    }
    if (this.#host === undefined) throw unavailable(this.#reason);
    return this.#poolOf(this.#host);
  }

  async #find(): Promise<void> {
    for (;;) {
      const found = await this.#look();
      if (this.#closed) return;
      if (found !== undefined) {
        this.found(found);
        return;
      }
      await delay(lookAgainAfter, undefined, { ref: false });
    }
  }

  async #look(): Promise<PostgresHost | undefined> {
    try {
      return await findPrimary(this.#options.place, this.#options.patience, this.#pools);
    } catch (error) {
      this.#reason = reasonOf(error);
      return undefined;
    }
  }

  #poolOf(host: PostgresHost): ConnectionPool {
    let pool = this.#pools.get(host);
    if (pool === undefined) {
      const { place, connections, patience, onRefused, onStarved } = this.#options;
      pool = new ConnectionPool({
        open: () => connect(place, host, patience),
        max: connections,
        maxWaiting: connections * waitingPerConnection,
        waitMs: Math.min(patience.connect, patience.answer, longestWait),
        onLost: (error) => {
          if (this.#host === host) this.doubt(reasonOf(error));
        },
        onRefused: (error) => onRefused(reasonOf(error)),
        onStarved,
      });
      this.#pools.set(host, pool);
    }
    return pool;
  }
}
