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

/** Size of the file, in bytes: several times what the write-ahead log takes between two checkpoints. */
const reserveSize = 16 * 1024 * 1024;

const chunkSize = 1024 * 1024;

/**
 * Disk space for the day on which the volume is full: a file beside the database. SQLite needs space even to delete
 * a row, because every change is first appended to its write-ahead log.
 */
export class Reserve {
  readonly path: string;

  constructor(databasePath: string) {
    this.path = `${databasePath}.reserve`;
  }

  get exists(): boolean {
    return existsSync(this.path);
  }

  /** Whether the volume could hold the reserve and as much again. A quota is not seen. */
  get fits(): boolean {
    return this.#hasFree(2 * reserveSize);
  }

  /**
   * Writes the file, or the rest of one that a crash left behind. A volume with too little space is left alone: other
   * programs would otherwise find it full at every attempt.
   *
   * @returns whether the whole reserve is there
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

  /** Gives the space back to the volume. */
  release(): void {
    rmSync(this.path, { force: true });
  }

  #hasFree(bytes: number): boolean {
    const { bavail, bsize } = statfsSync(dirname(this.path));
    return bavail * bsize >= bytes;
  }

  /** Deletes a file that could not be finished, unless its folder has become read-only or is gone. */
  #discard(): void {
    try {
      this.release();
    } catch {
      // The next attempt to take the reserve finishes the file.
    }
  }

  /** Random bytes, because a file system may compress others. */
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
