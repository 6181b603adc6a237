import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { sourceManifest } from "../manifest.ts";
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
    /** A project with all three packages, and the frameworks and SDKs that the guard works with. */
    readonly consumer: string;
  }
}

/** Builds, packs and installs every package once for all tests. */
export function setup({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-packed-"));
  const npm = (cwd: string, ...args: readonly string[]) =>
    execFileSync("npm", [...args, "--prefer-offline", "--no-audit", "--no-fund"], { cwd, encoding: "utf8" });
  const emptyProject = (name: string) => {
    const project = join(folder, name);
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), JSON.stringify({ private: true }));
    return project;
  };
  execFileSync(process.execPath, [join(root, "release/build.ts")], { stdio: "inherit" });
  const tarballs: string[] = [];
  for (const each of packages) {
    const [{ filename = "" }] = JSON.parse(npm(distOf(each), "pack", "--json", "--pack-destination", folder));
    const tarball = join(folder, filename);
    tarballs.push(tarball);
    const project = emptyProject(each.folder);
    npm(project, "install", "--omit=dev", tarball);
    provide(each.folder, { tarball, project, installed: join(project, "node_modules", each.name) });
  }
  const consumer = emptyProject("consumer");
  npm(consumer, "install", ...tarballs, ...companions());
  provide("consumer", consumer);
  return () => rmSync(folder, { recursive: true });
}

/** The frameworks and SDKs, in the versions that the guard's own tests use. */
function companions(): readonly string[] {
  const [guard] = packages.filter(({ folder }) => folder === "guard");
  const wanted = guard === undefined ? {} : sourceManifest(guard).devDependencies;
  return Object.entries(wanted ?? {}).map(([name, version]) => `${name}@${version}`);
}
