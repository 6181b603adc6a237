import { execFileSync } from "node:child_process";
import { cpSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { entriesOf, publishedDependencies } from "./manifest.ts";
import { folderOf, type Package } from "./packages.ts";

const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

/**
 * Writes the declarations of a library.
 *
 * @param folder the folder for them
 * @throws {Error} if the sources do not compile; the compiler has printed the reason
 */
export function writeDeclarations(of: Package, folder: string): void {
  const sources = join(folderOf(of), "src");
  execFileSync(
    process.execPath,
    [
      ...[
        compiler,
        "--ignoreConfig",
        "--declaration",
        "--emitDeclarationOnly",
        "--allowImportingTsExtensions",
      ],
      ...["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--skipLibCheck"],
      ...["--target", "es2022", "--module", "nodenext", "--types", "node", "--lib", of.lib ?? "es2023"],
      ...["--rootDir", sources, "--outDir", folder],
      ...entriesOf(of).map(([, source]) => join(sources, `${source}.ts`)),
    ],
    { stdio: "inherit" },
  );
  // The compiler keeps the specifiers, and the `.ts` files are not published.
  for (const file of globSync(join(folder, "**/*.d.ts"))) {
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(/"(\.{1,2}\/[\w/-]+)\.ts"/g, '"$1.js"'));
  }
}

/**
 * Copies the declarations of a library for CommonJS. A dependency may have ES modules alone: `import type` from it
 * needs this attribute in TypeScript before 5.8, which otherwise reports an error in the copy.
 */
export function copyDeclarations(of: Package, esm: string, cjs: string): void {
  cpSync(esm, cjs, { recursive: true });
  const dependencies = Object.keys(publishedDependencies(of));
  for (const file of globSync(join(cjs, "**/*.d.ts"))) {
    const text = dependencies.reduce(
      (text, name) =>
        text.replaceAll(
          new RegExp(`^(import type .* from "${name}");$`, "gm"),
          '$1 with { "resolution-mode": "import" };',
        ),
      readFileSync(file, "utf8"),
    );
    writeFileSync(file, text);
  }
}
