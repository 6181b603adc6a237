import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

/** The package as it would be published. */
export interface Packed {
  readonly tarball: string;
  /** A project with nothing in it but this package, installed. */
  readonly project: string;
  /** The package in there. */
  readonly installed: string;
}

declare module "vitest" {
  interface ProvidedContext {
    packed: Packed;
  }
}

/** Builds, packs and installs the package once for all tests. The registry is not asked. */
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
