import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

/** The packed package, as for publishing. */
export interface Packed {
  readonly tarball: string;
  /** A project with this package as its only dependency. */
  readonly project: string;
  /** The folder of the installed package. */
  readonly installed: string;
}

declare module "vitest" {
  interface ProvidedContext {
    packed: Packed;
  }
}

/** Builds, packs and installs the package once for all tests, without network access. */
export function setup({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-packed-"));
  const npm = (cwd: string, ...args: string[]) =>
    execFileSync("npm", [...args, "--offline", "--no-audit", "--no-fund"], { cwd, stdio: "pipe" });
  npm(join(import.meta.dirname, "../.."), "pack", "--pack-destination", folder);
  const [tarball = ""] = readdirSync(folder).map((name) => join(folder, name));
  const project = mkdtempSync(join(folder, "project-"));
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true }));
  npm(project, "install", tarball);
  provide("packed", { tarball, project, installed: join(project, "node_modules/@latchkey/client") });
  return () => rmSync(folder, { recursive: true });
}
