import type { DatabaseSync } from "node:sqlite";
import { isOutOfSpace } from "./connection.ts";
import { Reserve } from "./reserve.ts";
import { type Change, type GroupCommit, groupCommit, type Outcome } from "./transaction.ts";

/** Free pages inside the database file from which on ordinary changes are accepted again, in bytes. */
const enoughInside = 1024 * 1024;

/** Time between two checks for space while the volume is full, in milliseconds. */
const lookEvery = 1000;

const refusal: Outcome = {
  error:
    "the volume of the database is full: free space on it, or delete old audit events with `latchkey database prune --keep 7d`",
};

/**
 * Commits groups of changes, also on a full volume. The first commit that finds no space releases the reserve. From
 * then on only urgent changes are committed: they end sessions, disable users, or delete rows. Ordinary changes are
 * refused until the volume has room for a new reserve, or the database file has enough free pages.
 */
export class FullVolumeCommit {
  readonly #commit: GroupCommit;
  readonly #connection: DatabaseSync;
  readonly #reserve: Reserve;
  #hadReserve: boolean;
  #full = false;
  #lookAt = 0;

  constructor(connection: DatabaseSync, path: string) {
    this.#commit = groupCommit(connection);
    this.#connection = connection;
    this.#reserve = new Reserve(path);
    this.#hadReserve = this.#reserve.exists;
  }

  /** @throws if the transaction failed: then no change of the group is committed */
  run(group: readonly Change[]): readonly Outcome[] {
    // Another process on the same file may have released the reserve.
    if (this.#hadReserve && !this.#reserve.exists) this.#full = true;
    if (this.#full && !this.#hasRoom()) return this.#urgentOnly(group);
    try {
      return this.#commit(group);
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
      this.#full = true;
      this.#lookAt = performance.now() + lookEvery;
      this.#release();
      return this.#urgentOnly(group);
    }
  }

  /** Writes the reserve, if it is missing and the volume has room. */
  takeReserve(): void {
    if (!this.#full && this.#reserve.take()) this.#hadReserve = true;
  }

  #urgentOnly(group: readonly Change[]): readonly Outcome[] {
    const urgent = group.filter((change) => change.urgent);
    const left = (urgent.length === 0 ? [] : this.#runOnReserve(urgent)).values();
    return group.map((change) => (change.urgent ? (left.next().value ?? refusal) : refusal));
  }

  #runOnReserve(urgent: readonly Change[]): readonly Outcome[] {
    try {
      return this.#commit(urgent);
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
      return urgent.map(() => refusal);
    }
  }

  /** After a checkpoint the write-ahead log is reused from its start. */
  #release(): void {
    this.#reserve.release();
    this.#hadReserve = false;
    try {
      this.#connection.exec("pragma wal_checkpoint(passive)");
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
    }
  }

  #hasRoom(): boolean {
    if (performance.now() < this.#lookAt) return false;
    this.#lookAt = performance.now() + lookEvery;
    this.#hadReserve = this.#reserve.fits && this.#reserve.take();
    this.#full = !this.#hadReserve && this.#freeInside() < enoughInside;
    return !this.#full;
  }

  /** Bytes in pages that deleted rows have left. The file never shrinks; new rows use these pages first. */
  #freeInside(): number {
    return this.#pragma("freelist_count") * this.#pragma("page_size");
  }

  #pragma(name: "freelist_count" | "page_size"): number {
    return Number(this.#connection.prepare(`pragma ${name}`).get()?.[name] ?? 0);
  }
}
