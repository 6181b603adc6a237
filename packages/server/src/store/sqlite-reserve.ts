import { randomFillSync } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  rmSync,
  statfsSync,
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
    const { bavail, bsize } = statfsSync(dirname(this.path));
    return bavail * bsize >= 2 * reserveSize;
  }

  /** Writes the file. @returns false if the volume has too little space */
  take(): boolean {
    if (this.exists) return true;
    try {
      this.#write();
      return true;
    } catch {
      this.release();
      return false;
    }
  }

  /** Gives the space back to the volume. */
  release(): void {
    rmSync(this.path, { force: true });
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
