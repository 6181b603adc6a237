import { setImmediate } from "node:timers/promises";
import { type Database, one, step } from "../database.ts";
import type { Statement } from "../statement.ts";

/** Rows of one slice. Other writers wait for the deletion of one slice at most: 5,000 rows take some 20 ms. */
export const sliceSize = 5_000;

/** A slice with a smaller share of expired rows is sparse. A table consists of expired rows up to this share at most. */
const sparseShare = 0.1;

/** The result of reading a slice. */
export interface SliceRow<Key> {
  /** The key of its last row. Null if the slice is empty. */
  readonly to: Key | null;
  readonly rows: number;
  readonly expired: number;
}

/**
 * A table whose expired rows are found in the order of its primary key. So it needs no index of times. Keys are numbers, or
 * texts that the database orders by their bytes.
 */
export interface SweptTable<Key, Times extends object> {
  /** Reads the slice behind a key. */
  readonly slice: Statement<Times & { readonly after: Key }, SliceRow<Key>>;
  /** Deletes the expired rows of a slice. */
  readonly clear: Statement<Times & { readonly after: Key; readonly to: Key }>;
}

/** The part of a table that one sweep may read. */
export interface SweepBounds<Key> {
  readonly after: Key;
  /** The sweep ends behind this key. */
  readonly upTo?: Key;
  /** Sparse slices that it reads at most. Other slices do not count, so a run deletes any number of rows. */
  readonly sparseSlices: number;
}

/**
 * Deletes the expired rows of slices, one after another. Each slice is a change of its own.
 *
 * @returns the key to continue from, undefined at the end, and the number of sparse slices that it may still read
 */
export async function sweep<Key extends string | number, Times extends object>(
  database: Database,
  { slice, clear }: SweptTable<Key, Times>,
  times: Times,
  { after, upTo, sparseSlices }: SweepBounds<Key>,
): Promise<{ readonly next: Key | undefined; readonly left: number }> {
  let next = after;
  let left = sparseSlices;
  while (left > 0) {
    const found = await one(database, slice, { ...times, after: next });
    if (found === undefined || found.to === null) return { next: undefined, left };
    if (found.expired > 0) {
      // Another replica may have deleted the rows in between, so the step need not change any.
      await database.commit([step(clear, { ...times, after: next, to: found.to })], "urgent");
    }
    if (found.expired < found.rows * sparseShare) left -= 1;
    next = found.to;
    if (found.rows < sliceSize || (upTo !== undefined && next >= upTo)) return { next: undefined, left };
    // SQLite reads on this thread: requests come between two slices.
    await setImmediate();
  }
  return { next, left };
}

/** Where a sweep in turn begins. */
export interface TurnBounds<Key> {
  /** A key before all others. */
  readonly first: Key;
  /** A random key for the first run. So a server that restarts often reaches every row, and replicas share the work. */
  start(): Promise<Key> | Key;
  readonly sparseSlices: number;
}

/**
 * Sweeps a table in turn: a run continues at the key where the last one ended, and behind the last row at the first. A
 * table of fewer slices than a run reads is swept whole each time.
 */
export function sweepInTurn<Key extends string | number, Times extends object>(
  database: Database,
  table: SweptTable<Key, Times>,
  { first, start, sparseSlices }: TurnBounds<Key>,
): (times: Times) => Promise<void> {
  let cursor: Key | undefined;
  return async (times) => {
    const begin = cursor ?? (await start());
    const end = await sweep(database, table, times, { after: begin, sparseSlices });
    cursor = end.next ?? first;
    if (end.next !== undefined || begin === first) return;
    const again = await sweep(database, table, times, { after: first, upTo: begin, sparseSlices: end.left });
    cursor = again.next ?? begin;
  };
}
