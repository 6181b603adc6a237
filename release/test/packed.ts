import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { distOf, packages, root } from "../packages.ts";

/** A packed package, as for publishing. */
export interface Packed {
  readonly tarball: string;
  /** A project outside the repository with this package as its only dependency. */
  readonly project: string;
  /** The folder of the installed package. */
  readonly installed: string;
}

declare module "vitest" {
  interface ProvidedContext {
    readonly client: Packed;
    readonly guard: Packed;
    readonly server: Packed;
  }
}

/** Builds, packs and installs every package once for all tests. */
export function setup({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-packed-"));
  const npm = (cwd: string, ...args: readonly string[]) =>
    execFileSync("npm", [...args, "--prefer-offline", "--no-audit", "--no-fund"], { cwd, encoding: "utf8" });
  execFileSync(process.execPath, [join(root, "release/build.ts")], { stdio: "inherit" });
  for (const each of packages) {
    const [{ filename = "" }] = JSON.parse(npm(distOf(each), "pack", "--json", "--pack-destination", folder));
    const tarball = join(folder, filename);
    const project = join(folder, each.folder);
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), JSON.stringify({ private: true }));
    npm(project, "install", "--omit=dev", tarball);
    provide(each.folder, { tarball, project, installed: join(project, "node_modules", each.name) });
  }
  return () => rmSync(folder, { recursive: true });
}
