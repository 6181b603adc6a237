import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";

const memory = "/dev/shm";

/**
 * A folder for files that need not survive a restart: in memory if enough of it is free, else on the disk. In memory,
 * tests that flush, create or delete files do not wait for the disk.
 *
 * @param room the required memory, in bytes
 */
export function memoryFolder(room: number): string {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize > room ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
}
