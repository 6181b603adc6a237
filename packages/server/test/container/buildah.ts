import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder, run } from "@latchkey/testkit/toolchains";

/** Outside git, kept from run to run. */
export const cache = cacheFolder("container");

/** buildah's list of mounts. They end with the machine, so each run has a new folder for it. */
const runRoot = mkdtempSync(join(tmpdir(), "latchkey-"));
process.once("exit", () => rmSync(runRoot, { recursive: true, force: true }));

/** @returns the reason why no image can be built here; undefined if it can */
export function whyNoContainers(): string | undefined {
  if (process.getuid?.() !== 0) return "it needs root";
  const programs = ["buildah", "crun", "debootstrap"];
  const absent = programs.filter((name) => spawnSync(name, ["--version"]).status !== 0);
  return absent.length === 0 ? undefined : `it needs ${absent.join(", ")}`;
}

let driver: "overlay" | "vfs" | undefined;

/** Runs buildah with images and containers of its own. @returns its standard output */
export async function buildah(...args: readonly string[]): Promise<string> {
  driver ??= mountsOverlays() ? "overlay" : "vfs";
  return await run("buildah", [...placesFor(driver), ...args], { cwd: cache });
}

const placesFor = (name: string) => [
  ...["--root", `${cache}storage`, "--runroot", runRoot],
  ...["--storage-driver", name, "--log-level", "error"],
];

/** Without overlays, each layer is a copy of the whole file system. */
function mountsOverlays(): boolean {
  return spawnSync("buildah", [...placesFor("overlay"), "info"]).status === 0;
}
