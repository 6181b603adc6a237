// Builds the published files: the same code for `import` and for `require`, each with its types.
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "rolldown";

const here = import.meta.dirname;
const dist = join(here, "dist");
const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

rmSync(dist, { recursive: true, force: true });

const types = join(dist, "esm");
const options = ["-p", join(here, "tsconfig.build.json"), "--outDir", types];
execFileSync(process.execPath, [compiler, ...options], { stdio: "inherit" });
// The compiler does not rewrite the specifiers in types, and the `.ts` files are not published.
for (const file of globSync(join(types, "*.d.ts"))) {
  writeFileSync(file, readFileSync(file, "utf8").replaceAll(/"(\.\/[\w-]+)\.ts"/g, '"$1.js"'));
}
cpSync(types, join(dist, "cjs"), { recursive: true });

for (const [format, type] of [
  ["esm", "module"],
  ["cjs", "commonjs"],
]) {
  const dir = join(dist, format);
  writeFileSync(join(dir, "package.json"), `${JSON.stringify({ type, sideEffects: false })}\n`);
  // One file for each entry, because loading a dozen modules takes several times as long.
  for (const input of ["index", "file"]) {
    await build({
      input: join(here, `src/${input}.ts`),
      external: /^node:/,
      platform: "neutral",
      transform: { target: "es2022" },
      output: { dir, format },
      logLevel: "warn",
    });
  }
}

copyFileSync(join(here, "../../LICENSE"), join(here, "LICENSE"));
