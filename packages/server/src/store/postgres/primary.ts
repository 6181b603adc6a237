import { setTimeout as delay } from "node:timers/promises";
import { Pool, type PoolClient } from "pg";
import type { PoolFigures } from "../../core/ports.ts";
import type { PostgresHost, PostgresPlace } from "../place.ts";
import { clientOptions, type Patience } from "./client-options.ts";
import { findPrimary } from "./find-primary.ts";
import { reasonOf, troubleOf, unavailable } from "./trouble.ts";

export interface PrimaryOptions {
  readonly place: PostgresPlace;
  /** Connections at most. */
  readonly connections: number;
  readonly patience: Patience;
}

/** For each connection so many may wait for one; who comes later is told to come back. */
const waitingPerConnection = 100;
/** How long who asks waits for a search that has just begun, in milliseconds. */
const searchPatience = 250;
/** Between two looks at the hosts while none is the primary, in milliseconds. */
const lookAgainAfter = 200;
const idleFor = 60_000;

/**
 * The server that takes writes, among one or several hosts, and the connections to it. Where a connection fails it
 * looks for the primary anew, until it has found one; meanwhile who asks is refused at once.
 */
export class Primary {
  readonly #options: PrimaryOptions;
  readonly #pools = new Map<PostgresHost, Pool>();
  readonly #listeners = new Set<(host: PostgresHost) => void>();
  #host: PostgresHost | undefined;
  #search: Promise<void> | undefined;
  #searchedSince = 0;
  #reason = "not looked for yet";
  #closed = false;

  constructor(options: PrimaryOptions) {
    this.#options = options;
  }

  get figures(): PoolFigures {
    const pool = this.#host && this.#pools.get(this.#host);
    const { totalCount = 0, idleCount = 0, waitingCount = 0 } = pool ?? {};
    return { max: this.#options.connections, size: totalCount, idle: idleCount, waiting: waitingCount };
  }

  /** Calls back whenever the primary was found, at first or again. */
  onFound(listener: (host: PostgresHost) => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Runs `work` on a connection to the primary. A connection on which something failed is not used again.
   *
   * @throws {LatchkeyError} `store_unavailable` where there is none; what `work` throws
   */
  async use<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const pool = await this.#pool();
    if (pool.waitingCount >= this.#options.connections * waitingPerConnection)
      throw unavailable("too many wait for a connection");
    const client = await this.#connect(pool);
    try {
      const done = await work(client);
      client.release();
      return done;
    } catch (error) {
      client.release(true);
      if (troubleOf(error) === "connection") this.doubt(reasonOf(error));
      throw error;
    }
  }

  /** Takes a host for the primary that has just shown that it is. */
  found(host: PostgresHost): void {
    this.#host = host;
    for (const listener of this.#listeners) listener(host);
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

  async #pool(): Promise<Pool> {
    if (this.#host === undefined && this.#search !== undefined) {
      const left = this.#searchedSince + searchPatience - performance.now();
      if (left > 0) await Promise.race([this.#search, delay(left, undefined, { ref: false })]);
    }
    if (this.#host === undefined) throw unavailable(this.#reason);
    return this.#poolOf(this.#host);
  }

  async #connect(pool: Pool): Promise<PoolClient> {
    try {
      return await pool.connect();
    } catch (error) {
      // Where all are in use, the server is not to blame.
      if (pool.totalCount < this.#options.connections) this.doubt(reasonOf(error));
      throw unavailable(reasonOf(error));
    }
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
      return await findPrimary(this.#options.place, this.#options.patience);
    } catch (error) {
      this.#reason = reasonOf(error);
      return undefined;
    }
  }

  #poolOf(host: PostgresHost): Pool {
    let pool = this.#pools.get(host);
    if (pool === undefined) {
      const { place, connections, patience } = this.#options;
      const options = clientOptions(place, host, patience);
      pool = new Pool({ ...options, max: connections, idleTimeoutMillis: idleFor });
      // Of one in use its query tells; unheard, the event would end the process.
      pool.on("connect", (client) => client.on("error", () => {}));
      // An idle connection was ended from the other side.
      pool.on("error", (error) => this.doubt(reasonOf(error)));
      this.#pools.set(host, pool);
    }
    return pool;
  }
}
