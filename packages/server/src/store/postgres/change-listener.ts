import { Client } from "pg";
import type { PostgresHost, PostgresPlace } from "../place.ts";
import { clientOptions, type Patience } from "./client-options.ts";

/** Between the end of one connection and the next, in milliseconds. */
const pause = 200;

/** One connection on which the database says that something changed that others follow. */
export class ChangeListener {
  readonly #place: PostgresPlace;
  readonly #patience: Patience;
  readonly #listeners = new Set<() => void>();
  readonly #onBroken: (error: Error) => void;
  #client: Client | undefined;
  #closed = false;

  /** @param onBroken is told that the connection has ended; `listen` is to be called again */
  constructor(place: PostgresPlace, patience: Patience, onBroken: (error: Error) => void) {
    this.#place = place;
    this.#patience = patience;
    this.#onBroken = onBroken;
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Listens at this host from now on. Something may have changed before, so that is told as well. */
  async listen(host: PostgresHost): Promise<void> {
    const before = this.#client;
    const client = new Client(clientOptions(this.#place, host, this.#patience));
    this.#client = client;
    before?.end().catch(() => {});
    const broken = (error: Error) => {
      if (this.#client !== client || this.#closed) return;
      this.#client = undefined;
      // Where it cannot listen at all, it must not ask for a new host without a pause.
      setTimeout(() => this.#onBroken(error), pause).unref();
    };
    client.on("error", broken).on("end", () => broken(new Error("the connection that listens has ended")));
    client.on("notification", () => this.#tell());
    try {
      await client.connect();
      await client.query("listen latchkey");
      this.#tell();
    } catch (error) {
      broken(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.end().catch(() => {});
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
