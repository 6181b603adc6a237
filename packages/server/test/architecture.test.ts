import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Lints files that each hold one import, under the project's own rules. @returns those that it objects to */
function turnedArrows(imports: readonly (readonly [folder: string, target: string])[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-arrows-"));
  copyFileSync(join(root, "biome.json"), join(folder, "biome.json"));
  for (const [index, [where, target]] of imports.entries()) {
    const file = join(folder, where, `arrow${index}.ts`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `import "${target}";\n`);
  }
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  const args = [
    biome,
    "lint",
    "--vcs-enabled=false",
    "--only=noRestrictedImports",
    "--max-diagnostics=none",
    ".",
  ];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  rmSync(folder, { recursive: true });
  const found = new Set(
    [...(stdout + stderr).matchAll(/arrow(\d+)\.ts:\d/g)].map(([, index]) => Number(index)),
  );
  return imports.filter((_, index) => found.has(index)).map((arrow) => arrow.join(" → "));
}

const src = "packages/server/src";
const wrong = [
  [`${src}/core`, "../http/app.ts"],
  [`${src}/core`, "../store/store.ts"],
  [`${src}/core`, "../identity/local.ts"],
  [`${src}/core`, "../config.ts"],
  [`${src}/core`, "fastify"],
  [`${src}/core`, "node:sqlite"],
  [`${src}/http`, "../store/store.ts"],
  [`${src}/http`, "../identity/local.ts"],
  [`${src}/http`, "../serve.ts"],
  [`${src}/store`, "../http/app.ts"],
  [`${src}/store`, "../identity/local.ts"],
  [`${src}/store/migrations`, "../../http/app.ts"],
  [`${src}/store/postgres`, "../../http/app.ts"],
  [`${src}/store/postgres`, "../../serve.ts"],
  [`${src}/identity`, "../store/store.ts"],
  [`${src}/identity`, "../http/app.ts"],
  [`${src}/mcp`, "../http/app.ts"],
  [`${src}/mcp`, "../store/store.ts"],
  [`${src}/mcp`, "../identity/local.ts"],
  [`${src}/mcp`, "../serve.ts"],
  [`${src}/mcp`, "kysely"],
  [`${src}/http`, "../mcp/endpoint.ts"],
  [`${src}/store`, "../mcp/endpoint.ts"],
  [`${src}/identity`, "../mcp/endpoint.ts"],
  [`${src}/core`, "../mcp/endpoint.ts"],
  [`${src}/core`, "@modelcontextprotocol/server"],
  ["packages/guard/src", "../../server/src/serve.ts"],
  ["packages/guard/src", "@latchkey/server"],
] as const;

const right = [
  [`${src}/http`, "../core/errors.ts"],
  [`${src}/http`, "./errors.ts"],
  [`${src}/store`, "../core/errors.ts"],
  [`${src}/store/migrations`, "./migration.ts"],
  [`${src}/store/postgres`, "../database.ts"],
  [`${src}/identity`, "../core/errors.ts"],
  [`${src}/mcp`, "../core/errors.ts"],
  [`${src}/mcp`, "./policy.ts"],
  [`${src}/mcp`, "@latchkey/guard/mcp"],
  [`${src}/core`, "./errors.ts"],
  [`${src}/core`, "@latchkey/guard"],
] as const;

test("the linter objects to every import arrow that turns", () => {
  expect(turnedArrows([...wrong, ...right])).toEqual(wrong.map((arrow) => arrow.join(" → ")));
});
