import type { CryptoKey } from "jose";
import type { Algorithm } from "../check/signature.ts";
import { Backoff } from "../support/backoff.ts";
import { type Clocks, type Moment, momentOf, since } from "../support/clocks.ts";
import { Latch } from "../support/latch.ts";
import { SingleFlight } from "../support/single-flight.ts";
import { sleep } from "../support/timers.ts";
import { TokenError } from "../token-error.ts";
import type { Discovery } from "./discovery.ts";
import type { Emit } from "./guard-events.ts";
import type { KeysHealth } from "./health.ts";
import { issuerErrorOf, type Requests, requestJson } from "./issuer-request.ts";
import { noKeys, readKeySet } from "./key-set.ts";
import type { KeySource } from "./sources.ts";

/** Parts and options of {RemoteKeys}. */
export interface RemoteKeysOptions {
  readonly discovery: Discovery;
  readonly requests: Requests;
  readonly clocks: Clocks;
  readonly algorithms: readonly Algorithm[];
  /** Milliseconds. */
  readonly keysMaxAge: number;
  readonly emit: Emit;
}

/** Interval between reads, in milliseconds: a withdrawn key counts for at most so long. */
const refreshInterval = 600_000;
/**
 * Shortest time between two reads for an unknown `kid`, in milliseconds: a flood of invented ones costs little.
 */
const unknownKidCooldown = 10_000;

/**
 * An issuer's keys, found by discovery. They are read at the first use, every 10 minutes, and when a token
 * names an unknown `kid`. If a read fails, the known keys count until `keysMaxAge`.
 */
export class RemoteKeys implements KeySource {
  readonly #options: RemoteKeysOptions;
  readonly #backoff = new Backoff();
  readonly #first = new Latch();
  #keys = noKeys;
  #readAt: Moment | undefined;
  #triedAt: Moment | undefined;
  /** Time of the last read for an unknown `kid`. Scheduled reads do not count. */
  #askedAt: Moment | undefined;
  readonly #reading: SingleFlight<void>;
  #problem: string | undefined;
  #begun = false;

  constructor(options: RemoteKeysOptions) {
    this.#options = options;
    this.#reading = new SingleFlight(options.clocks);
    options.requests.closed.onClose(() => this.#first.open());
  }

  /** Settles after the first successful read, or when the guard is closed. */
  get first(): Promise<void> {
    return this.#first.promise;
  }

  /** Reads the keys, and again and again until the guard is closed. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    void this.#follow();
  }

  get(kid: string, algorithm: string): CryptoKey | undefined {
    const age = this.#age();
    if (age > this.#options.keysMaxAge) return undefined;
    // Some platforms stop timers between requests. There the keys are read again when they are used.
    if (age > 2 * refreshInterval && !this.#reading.inFlight && this.#hasCooledDown(this.#triedAt)) {
      void this.#read("all");
    }
    return this.#keys.byKid.get(kid)?.get(algorithm);
  }

  async refresh(): Promise<void> {
    if (!this.#reading.inFlight && this.#hasCooledDown(this.#askedAt)) {
      this.#askedAt = momentOf(this.#options.clocks);
      void this.#read("keys");
    }
    await this.#reading.inFlight;
    if (this.#problem !== undefined) throw new TokenError("keys_unavailable", this.#problem);
  }

  health(): KeysHealth {
    const age = this.#age();
    const usable = this.#keys.byKid.size > 0 && age <= this.#options.keysMaxAge;
    const fresh = this.#problem === undefined && age <= 2 * refreshInterval;
    return {
      state: !usable ? "none" : fresh ? "fresh" : "old",
      fetchedAt: this.#readAt?.now,
      known: this.#keys.byKid.size,
      problem: this.#problem,
    };
  }

  #age(): number {
    return this.#readAt === undefined ? Number.POSITIVE_INFINITY : since(this.#readAt, this.#options.clocks);
  }

  #hasCooledDown(at: Moment | undefined): boolean {
    return at === undefined || since(at, this.#options.clocks) >= unknownKidCooldown;
  }

  async #follow(): Promise<void> {
    const { closed } = this.#options.requests;
    const settled = Math.min(refreshInterval, this.#options.keysMaxAge / 2);
    while (!closed.isClosed) {
      await (this.#reading.inFlight ?? this.#read("all"));
      await sleep(this.#problem === undefined ? settled : this.#backoff.next(), closed);
    }
  }

  /**
   * @param what `keys`: from the known address. `all`: the metadata first, because the address may have changed
   */
  #read(what: "keys" | "all"): Promise<void> {
    this.#triedAt = momentOf(this.#options.clocks);
    return this.#reading.begin(() => this.#attempt(what));
  }

  async #attempt(what: "keys" | "all"): Promise<void> {
    const { discovery, requests, clocks, algorithms, emit } = this.#options;
    const at = momentOf(clocks);
    try {
      const nearby = what === "keys" && this.#problem === undefined ? discovery.known : undefined;
      const { keySet } = nearby ?? (await discovery.read());
      // A shared cache on the way may hold an older key set, without the key that a token names.
      const request = what === "keys" ? { headers: { "cache-control": "no-cache" } } : {};
      this.#keys = await readKeySet(await requestJson(requests, keySet, request), algorithms, this.#keys);
      this.#readAt = at;
      this.#problem = this.#keys.byKid.size > 0 ? undefined : "key set: no usable key";
    } catch (error) {
      this.#problem = issuerErrorOf(error).message;
    }
    if (requests.closed.isClosed) return;
    if (this.#problem !== undefined) return emit({ name: "keys.unavailable", reason: this.#problem });
    this.#backoff.reset();
    this.#first.open();
    emit({ name: "keys.refreshed", known: this.#keys.byKid.size });
  }
}
