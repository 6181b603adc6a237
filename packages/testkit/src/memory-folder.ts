import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";

const memory = "/dev/shm";

/**
 * A folder for files that may vanish with the machine: in memory if so much of it is free, and on the disk otherwise.
 * Tests that flush, create or delete files wait for a disk.
 *
 * @param room in bytes
 */
export function memoryFolder(room: number): string {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize > room ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
}
