import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A tmpfs of a few megabytes, which a test can fill. */
export class SmallVolume implements Disposable {
  readonly folder: string;

  /** @param folder a new folder, on which the volume is mounted */
  constructor(folder: string, megabytes: number) {
    this.folder = folder;
    mkdirSync(folder);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0700`, "tmpfs", folder]);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Free space, in bytes. */
  free(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }

  /** Takes the free space, all of it or all but `rest` bytes. */
  fill(rest = 0, name = "filler"): void {
    try {
      writeFileSync(this.path(name), Buffer.alloc(Math.max(0, this.free() - rest)));
      if (rest === 0) writeFileSync(this.path(`${name}-end`), Buffer.alloc(1024 * 1024));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
    }
  }

  /** Frees the space that `fill` took. */
  drain(name = "filler"): void {
    rmSync(this.path(name), { force: true });
    rmSync(this.path(`${name}-end`), { force: true });
  }

  remount(mode: "ro" | "rw"): void {
    execFileSync("mount", ["-o", `remount,${mode}`, this.folder]);
  }

  [Symbol.dispose](): void {
    execFileSync("umount", ["--lazy", this.folder]);
  }
}
