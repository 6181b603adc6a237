import { randomFillSync } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/** Size of the file, in bytes: several times the growth of the write-ahead log between two checkpoints. */
const reserveSize = 16 * 1024 * 1024;

const chunkSize = 1024 * 1024;

/**
 * A file beside the database that is deleted when the volume is full. SQLite needs space even to delete a row, because
 * every change is first appended to the write-ahead log.
 */
export class Reserve {
  readonly path: string;

  constructor(databasePath: string) {
    this.path = `${databasePath}.reserve`;
  }

  get exists(): boolean {
    return existsSync(this.path);
  }

  /** Whether the volume could hold the reserve twice. Quotas are not considered. */
  get fits(): boolean {
    return this.#hasFree(2 * reserveSize);
  }

  /**
   * Writes the file, or completes one that a crash cut short. Nothing is written if space is low: each attempt would
   * fill the volume for other programs.
   *
   * @returns whether the reserve is complete
   */
  take(): boolean {
    try {
      const size = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
      if (size >= reserveSize) return true;
      if (!this.#hasFree(reserveSize - size + chunkSize)) return false;
      this.#write();
      return true;
    } catch {
      this.#discard();
      return false;
    }
  }

  /** Deletes the file. */
  release(): void {
    rmSync(this.path, { force: true });
  }

  #hasFree(bytes: number): boolean {
    const { bavail, bsize } = statfsSync(dirname(this.path));
    return bavail * bsize >= bytes;
  }

  /** Deletes an incomplete file, unless its folder has become read-only or is gone. */
  #discard(): void {
    try {
      this.release();
    } catch {
      // The next attempt completes the file.
    }
  }

  /** Random bytes, because a file system may compress other content. */
  #write(): void {
    const file = openSync(this.path, "a", 0o600);
    try {
      const chunk = Buffer.alloc(chunkSize);
      while (fstatSync(file).size < reserveSize) writeSync(file, randomFillSync(chunk));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}
