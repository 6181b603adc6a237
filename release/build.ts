// Builds the published packages. Each `packages/<name>/dist` is then a package that npm can pack.
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { copyDeclarations, writeDeclarations } from "./declarations.ts";
import { entriesOf, entryName, publishedManifest } from "./manifest.ts";
import { noticesFor } from "./notices.ts";
import { distOf, folderOf, type Package, packages, root } from "./packages.ts";
import { publishedReadme } from "./readme.ts";

for (const each of packages) await build(each);

async function build(of: Package): Promise<void> {
  const dist = distOf(of);
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  await (of.kind === "library" ? buildLibrary(of) : buildProgram(of));
  writeFileSync(join(dist, "package.json"), json(publishedManifest(of)));
  writeFileSync(join(dist, "README.md"), publishedReadme(of));
  copyFileSync(join(root, "LICENSE"), join(dist, "LICENSE"));
}

/** The same code for `import` and for `require`, each with its types. */
async function buildLibrary(of: Package): Promise<void> {
  const dist = distOf(of);
  const entries = entriesOf(of).map(([subpath, source]) => ({
    [entryName(subpath)]: join(folderOf(of), `src/${source}.ts`),
  }));
  writeDeclarations(of, join(dist, "esm"));
  copyDeclarations(of, join(dist, "esm"), join(dist, "cjs"));
  for (const [format, type] of [
    ["esm", "module"],
    ["cjs", "commonjs"],
  ] as const) {
    const dir = join(dist, format);
    writeFileSync(join(dir, "package.json"), json({ type, sideEffects: false }));
    for (const input of of.separateEntries ? entries : [Object.assign({}, ...entries)]) {
      await bundle(of, input, { dir, format, chunkFileNames: "shared/[name].js" });
    }
  }
}

/** The command, the thread that writes to SQLite, and the threads that check passwords. */
async function buildProgram(of: Package): Promise<void> {
  const dir = distOf(of);
  const folder = folderOf(of);
  const input = {
    "bin/latchkey": join(folder, "bin/latchkey.js"),
    "lib/writer-thread": join(folder, "src/store/sqlite/writer-thread.ts"),
    "lib/password-thread": join(folder, "src/password-checks/password-thread.ts"),
  };
  const sources = await bundle(of, input, { dir, format: "esm", chunkFileNames: "lib/[name].js" });
  const checks = join(folder, "src/password-checks");
  copyFileSync(join(checks, "common-passwords.txt.gz"), join(dir, "lib/common-passwords.txt.gz"));
  const list = {
    name: "common-passwords.txt.gz of Django",
    licence: join(checks, "common-passwords.LICENSE"),
  };
  writeFileSync(join(dir, "NOTICES.md"), noticesFor(sources, [list]));
  chmodSync(join(dir, "bin/latchkey.js"), 0o755);
  copyDeployFiles(join(dir, "deploy"));
}

/** Copies the files that an installation needs beside the program. Tests and the image's check stay in the repository. */
function copyDeployFiles(to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(join(root, "deploy"), { withFileTypes: true })) {
    if (!entry.isFile() || /\.(test\.yml|js)$/.test(entry.name)) continue;
    copyFileSync(join(root, "deploy", entry.name), join(to, entry.name));
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
