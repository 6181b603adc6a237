import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { root } from "../packages.ts";

// Below the repository's cache folder, so that the script finds the installed packages of the repository.
mkdirSync(join(root, ".cache"), { recursive: true });
const folder = mkdtempSync(join(root, ".cache/release-"));
const clone = join(folder, "clone");
afterAll(() => rmSync(folder, { recursive: true }));

const env = {
  ...process.env,
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  PATH: `${join(folder, "bin")}:${process.env["PATH"]}`,
};
const git = (...args: readonly string[]) => execFileSync("git", args, { cwd: clone, env, encoding: "utf8" });
const state = () => [git("rev-parse", "HEAD"), git("tag", "--list"), git("status", "--porcelain")];

test("a release that fails half way leaves the clone as it was", () => {
  execFileSync("git", ["clone", "--quiet", root, clone]);
  git("remote", "set-url", "origin", "git@github.com:latchkey/latchkey.git");
  mkdirSync(join(folder, "bin"));
  const npm = join(folder, "bin/npm");
  writeFileSync(npm, '#!/bin/sh\necho broken > package.json\necho "npm: no network" >&2\nexit 1\n');
  chmodSync(npm, 0o755);
  const before = state();
  const release = () =>
    execFileSync(process.execPath, ["release/release.ts", "99.0.0"], {
      cwd: clone,
      env,
      encoding: "utf8",
      stdio: "pipe",
    });
  expect(release).toThrow(
    /npm: no network\nrelease: Command failed: npm version 99\.0\.0 .*: nothing was released, and this clone is as before\n$/,
  );
  expect(state()).toEqual(before);
});
