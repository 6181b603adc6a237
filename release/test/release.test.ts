import { execFileSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { notesOf, withRelease } from "../changelog.ts";
import { repositoryOf } from "../origin.ts";
import { root } from "../packages.ts";
import { publishingCommands } from "../publishing.ts";

const changelog = "# Changes\n\n## Unreleased\n\n### Added\n\n- A.\n\n## 0.1.0 (2026-01-01)\n\n- First.\n";

describe("the changelog of a release", () => {
  test("the unreleased changes get a section of their own", () => {
    expect(withRelease(changelog, "0.2.0", "2026-02-01")).toBe(
      "# Changes\n\n## Unreleased\n\n## 0.2.0 (2026-02-01)\n\n### Added\n\n- A.\n\n## 0.1.0 (2026-01-01)\n\n- First.\n",
    );
  });

  test("the notes of a version are its changes only", () => {
    expect(notesOf(withRelease(changelog, "0.2.0", "2026-02-01"), "0.2.0")).toBe("### Added\n\n- A.\n");
  });

  test("a version without changes, or one that exists, is refused", () => {
    const released = withRelease(changelog, "0.2.0", "2026-02-01");
    expect(() => withRelease(released, "0.3.0", "2026-02-02")).toThrow("no unreleased change");
    expect(() => withRelease(changelog, "0.1.0", "2026-02-02")).toThrow("already has a section 0.1.0");
    expect(() => withRelease("# Changes\n", "0.1.0", "2026-02-02")).toThrow("exactly one section");
  });

  test("no change is lost", () => {
    const line = fc.stringMatching(/^- [a-z ]{1,20}$/);
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (lines) => {
        const text = `# Changes\n\n## Unreleased\n\n${lines.join("\n")}\n`;
        expect(notesOf(withRelease(text, "1.0.0", "2026-02-01"), "1.0.0").trim()).toBe(
          lines.join("\n").trim(),
        );
      }),
    );
  });
});

describe("the address of origin", () => {
  test.each([
    "https://github.com/latchkey/latchkey.git",
    "git+https://github.com/latchkey/latchkey.git",
    "https://github.com/latchkey/latchkey/",
    "https://token@github.com/latchkey/latchkey",
    "git@github.com:latchkey/latchkey.git",
    "ssh://git@github.com/latchkey/latchkey.git",
    "ssh://git@github.com:22/latchkey/latchkey.git",
    "git://GitHub.com/latchkey/latchkey",
  ])("%s is the repository of the packages", (address) => {
    expect(repositoryOf(address)).toBe("github.com/latchkey/latchkey");
  });

  test.each([
    "https://github.com/another/latchkey.git",
    "git@git.example:latchkey/latchkey.git",
    "/srv/latchkey/latchkey",
  ])("%s is another repository", (address) => {
    expect(repositoryOf(address)).not.toBe("github.com/latchkey/latchkey");
  });
});

describe("the commands that publish", () => {
  test.each([
    ["1.0.0", "npm publish --access public dist/latchkey.tgz"],
    ["1.0.0-rc.1", "npm publish --access public --tag next dist/latchkey.tgz"],
  ])("%s: %s", (version, command) => {
    expect(publishingCommands(version, ["SHA256SUMS", "latchkey.tgz"])).toEqual([
      `git push origin HEAD v${version}`,
      command,
    ]);
  });
});

describe("npm run release", () => {
  const release = (...args: readonly string[]) =>
    execFileSync(process.execPath, [join(root, "release/release.ts"), ...args], {
      cwd: root,
      encoding: "utf8",
      stdio: "pipe",
      // A bare machine has no author for commits.
      env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
    });

  test.each([[], ["1.0"], ["v1.0.0"], ["1.0.0", "2.0.0"]])("refuses %j", (...args) => {
    expect(() => release(...args)).toThrow("release: give one version: npm run release -- 1.2.3 [--dry-run]");
  });

  test("a dry run makes every file and the tag, and leaves nothing", () => {
    const git = (...args: readonly string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" });
    const state = () => [git("rev-parse", "HEAD"), git("tag", "--list"), git("status", "--porcelain")];
    const before = state();
    const said = release("99.0.0", "--dry-run");
    expect(said).toContain("Latchkey 99.0.0 is committed and tagged v99.0.0.");
    for (const name of ["latchkey", "latchkey-client", "latchkey-guard"]) {
      expect(said).toContain(`  ${name}-99.0.0.tgz\n`);
      expect(said).toContain(`  ${name}-99.0.0.cdx.json\n`);
    }
    expect(said).toContain("  SHA256SUMS\n");
    expect(said).toContain("  npm publish --access public dist/latchkey-99.0.0.tgz\n");
    expect(said).toContain("  Latchkey 99.0.0\n\n  ### Added\n");
    expect(state()).toEqual(before);
  });
});
