// Prepares a release: versions, changelog, commit, tag and files. A person looks at them, and publishes them.
//
//   npm run release -- 0.2.0             in this clone
//   npm run release -- 0.2.0 --dry-run   in a temporary clone, which is removed
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gt, valid } from "semver";
import { writeArtifacts } from "./artifacts.ts";
import { notesOf, withRelease } from "./changelog.ts";
import { rootManifest } from "./manifest.ts";
import { repositoryOf } from "./origin.ts";
import { root } from "./packages.ts";
import { publishingCommands } from "./publishing.ts";
import { run } from "./run.ts";

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { "dry-run": { type: "boolean", default: false } },
  });
  const [version = ""] = positionals;
  if (valid(version) !== version || positionals.length > 1)
    throw new Error("give one version: npm run release -- 1.2.3 [--dry-run]");
  if (values["dry-run"]) rehearse(version);
  else prepare(version);
} catch (error) {
  process.stderr.write(`release: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

/** Prepares the release in a temporary clone of the last commit. Nothing remains of it. */
function rehearse(version: string): void {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-release-"));
  try {
    const clone = join(folder, "latchkey");
    run("git", ["clone", "--quiet", root, clone]);
    run("git", ["remote", "set-url", "origin", publishedAddress()], clone);
    // A machine for tests has no author. These commits are never pushed.
    run("git", ["config", "user.name", "dry run"], clone);
    run("git", ["config", "user.email", "dry-run@localhost"], clone);
    installDependencies(clone);
    process.stdout.write(run(process.execPath, ["release/release.ts", version], clone));
    process.stdout.write("This was a dry run: its files and its clone are gone.\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Installs the dependencies. An installation that stalls is begun once more; it usually takes less than a minute. */
function installDependencies(clone: string): void {
  const install = () => run("npm", ["ci", "--prefer-offline"], clone, 180_000);
  try {
    install();
  } catch {
    process.stderr.write("release: npm ci failed or took longer than 3 minutes; it is tried once more\n");
    install();
  }
}

/** The chart's own version, and that of the image which it names. */
function setChartVersion(version: string): void {
  const chart = join(root, "deploy/helm/latchkey/Chart.yaml");
  const text = readFileSync(chart, "utf8");
  writeFileSync(chart, text.replaceAll(/^(version|appVersion): .*$/gm, `$1: ${version}`));
}

/**
 * Prepares the release in this clone.
 *
 * @throws {Error} before anything is changed, if the release cannot be made from this state
 */
function prepare(version: string): void {
  const { version: current } = rootManifest();
  if (!gt(version, current) && version !== current)
    throw new Error(`version ${version} is older than the present one, ${current}`);
  if (run("git", ["status", "--porcelain"]) !== "")
    throw new Error("this clone has changes that are not committed: commit them, or undo them");
  if (run("git", ["tag", "--list", `v${version}`]) !== "")
    throw new Error(`the tag v${version} exists already`);
  const origin = run("git", ["remote", "get-url", "origin"]).trim();
  if (repositoryOf(origin) !== repositoryOf(publishedAddress()))
    throw new Error(`origin is ${origin}, but the packages name ${publishedAddress()}: correct one of them`);
  const changelog = join(root, "CHANGELOG.md");
  const text = withRelease(readFileSync(changelog, "utf8"), version, new Date().toISOString().slice(0, 10));

  const files = orUndo(version, () => {
    writeFileSync(changelog, text);
    const everywhere = [
      "--workspaces",
      "--include-workspace-root",
      "--no-git-tag-version",
      "--allow-same-version",
    ];
    run("npm", ["version", version, ...everywhere]);
    setChartVersion(version);
    run(process.execPath, ["release/build.ts"]);
    const files = writeArtifacts(join(root, "dist"));
    run("git", ["commit", "--all", "--quiet", "--message", `chore: release ${version}`]);
    const message = `Latchkey ${version}\n\n${notesOf(text, version)}`;
    // By default, git takes lines that begin with `#` for comments. The headings of the changes do.
    run("git", ["tag", "--annotate", "--cleanup=whitespace", "--message", message, `v${version}`]);
    return files;
  });
  process.stdout.write(
    [
      `Latchkey ${version} is committed and tagged v${version}. Its files are in dist/:`,
      ...files.map((name) => `  ${name}`),
      "The text of the tag:",
      run("git", ["tag", "--list", "--format=%(contents)", `v${version}`])
        .trimEnd()
        .replace(/^(?=.)/gm, "  "),
      "Look at them, then publish:",
      ...publishingCommands(version, files).map((command) => `  ${command}`),
      "",
    ].join("\n"),
  );
}

/**
 * Runs the steps of a release. If one fails, the clone gets back its last commit, and keeps no tag.
 *
 * @throws {Error} the error of the step, after that
 */
function orUndo<T>(version: string, steps: () => T): T {
  const before = run("git", ["rev-parse", "HEAD"]).trim();
  // Ctrl-C ends the running step. Its error then arrives here.
  const interrupted = () => {};
  process.on("SIGINT", interrupted);
  try {
    return steps();
  } catch (error) {
    run("git", ["reset", "--hard", "--quiet", before]);
    if (run("git", ["tag", "--list", `v${version}`]) !== "") run("git", ["tag", "--delete", `v${version}`]);
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new Error(`${reason}: nothing was released, and this clone is as before`, { cause: error });
  } finally {
    process.off("SIGINT", interrupted);
  }
}

/** The address of the repository that the packages name. */
function publishedAddress(): string {
  return rootManifest().repository?.url.replace(/^git\+/, "") ?? "";
}
