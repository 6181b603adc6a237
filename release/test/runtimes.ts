import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../packages.ts";

/** A program that runs JavaScript. */
interface Runtime {
  readonly name: string;
  /** The package with its binary for this platform. */
  readonly package: string;
  readonly version: string;
  /** The binary in that package. */
  readonly binary: string;
  readonly args: readonly string[];
}

const platform = `${process.platform}-${process.arch}`;

const node = (version: string): Runtime => ({
  name: `Node ${version}`,
  package: `node-${platform}`,
  version,
  binary: "bin/node",
  args: [],
});

/** The oldest Node of each package's `engines`, and the newest of each supported line. */
export const nodes = {
  oldestForClient: node("20.4.0"),
  oldestForGuard: node("20.19.0"),
  oldestForServer: node("24.8.0"),
  20: node("20.20.2"),
  22: node("22.23.5"),
  24: node("24.22.3"),
  26: node("26.12.1"),
} as const;

export const deno: Runtime = {
  name: "Deno 2.9.6",
  package: `@deno/${platform}${process.platform === "linux" ? "-glibc" : ""}`,
  version: "2.9.6",
  binary: "deno",
  args: ["run", "--allow-all", "--no-lock", "--node-modules-dir=manual"],
};

export const bun: Runtime = {
  name: "Bun 1.4.5",
  package: `@oven/bun-${platform}`,
  version: "1.4.5",
  binary: "bin/bun",
  args: ["run", "--no-install"],
};

/** The runtime of Cloudflare's workers. Its package has 120 MB, so the repository does not depend on it. */
export const workerd: Runtime = {
  name: "workerd 1.20260730.1",
  package: `@cloudflare/workerd-${process.platform}-${process.arch.replace("x64", "64")}`,
  version: "1.20260730.1",
  binary: "bin/workerd",
  args: ["serve", "--control-fd=1"],
};

/**
 * Installs a runtime, once for all runs.
 *
 * @returns the command that runs a program, without the program's file
 */
export function commandOf(runtime: Runtime): readonly [command: string, ...args: string[]] {
  return [join(installedOnce(runtime.package, runtime.version), runtime.binary), ...runtime.args];
}

/** Installs a version of TypeScript, once for all runs. @returns its command */
export function compilerCommand(version: string): readonly [command: string, ...args: string[]] {
  return [process.execPath, join(installedOnce("typescript", version), "bin/tsc")];
}

/**
 * Installs a package in the cache. Concurrent test files may ask for the same one. Each installs it into a draft, and
 * the first one to finish renames its draft.
 *
 * @returns the folder of the installed package
 */
function installedOnce(name: string, version: string): string {
  const folder = join(root, ".cache/runtimes", `${name.replaceAll("/", "-")}@${version}`);
  if (!existsSync(folder)) {
    mkdirSync(dirname(folder), { recursive: true });
    const aside = mkdtempSync(`${folder}-`);
    try {
      writeFileSync(join(aside, "package.json"), "{}");
      const options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
      execFileSync("npm", ["install", ...options, `${name}@${version}`], { cwd: aside, stdio: "pipe" });
      if (!existsSync(folder)) renameSync(aside, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error;
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
  }
  return join(folder, "node_modules", name);
}
