import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Lints files under the project's own rules. @returns the diagnostics of one rule */
function lint(rule: string, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-arrows-"));
  copyFileSync(join(root, "biome.json"), join(folder, "biome.json"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  const args = [biome, "lint", "--vcs-enabled=false", `--only=${rule}`, "--max-diagnostics=none", "."];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  rmSync(folder, { recursive: true });
  return stdout + stderr;
}

/** Lints files that each hold one import. @returns the imports that the linter refuses */
function turnedArrows(imports: readonly (readonly [folder: string, target: string])[]): string[] {
  const files = imports.map(([folder, target], index) => [
    join(folder, `arrow${index}.ts`),
    `import "${target}";\n`,
  ]);
  const found = new Set(
    [...lint("noRestrictedImports", Object.fromEntries(files)).matchAll(/arrow(\d+)\.ts:\d/g)].map(
      ([, index]) => Number(index),
    ),
  );
  return imports.filter((_, index) => found.has(index)).map((arrow) => arrow.join(" → "));
}

const src = "packages/server/src";
const wrong = [
  [`${src}/core`, "../http/app.ts"],
  [`${src}/core`, "../store/store.ts"],
  [`${src}/core`, "../identity/local.ts"],
  [`${src}/core`, "../config/config.ts"],
  [`${src}/core/stories`, "../../http/app.ts"],
  [`${src}/core/tokens`, "../../log.ts"],
  [`${src}/core`, "fastify"],
  [`${src}/core/stories`, "fastify"],
  [`${src}/core`, "node:sqlite"],
  [`${src}/http`, "../store/store.ts"],
  [`${src}/http`, "../identity/local.ts"],
  [`${src}/http`, "../server.ts"],
  [`${src}/http`, "../config/config.ts"],
  [`${src}/http`, "../composition/app.ts"],
  [`${src}/store`, "../http/app.ts"],
  [`${src}/store`, "../identity/local.ts"],
  [`${src}/store/tables`, "../../http/app.ts"],
  [`${src}/store/sqlite`, "../../http/app.ts"],
  [`${src}/store/sqlite`, "../../server.ts"],
  [`${src}/store/postgres`, "../../http/app.ts"],
  [`${src}/store/postgres`, "../../server.ts"],
  [`${src}/store/postgres`, "../../config/config.ts"],
  [`${src}/identity`, "../store/store.ts"],
  [`${src}/identity`, "../http/app.ts"],
  [`${src}/identity/keycloak`, "../../server.ts"],
  [`${src}/mcp`, "../http/app.ts"],
  [`${src}/mcp`, "../store/store.ts"],
  [`${src}/mcp`, "../identity/local.ts"],
  [`${src}/mcp`, "../server.ts"],
  [`${src}/mcp`, "pg"],
  [`${src}/http`, "../mcp/endpoint.ts"],
  [`${src}/store`, "../mcp/endpoint.ts"],
  [`${src}/identity`, "../mcp/endpoint.ts"],
  [`${src}/core`, "../mcp/endpoint.ts"],
  [`${src}/core`, "@modelcontextprotocol/server"],
  ["packages/guard/src", "../../server/src/server.ts"],
  ["packages/guard/src", "@latchkey/server"],
] as const;

const right = [
  [`${src}/http`, "../core/errors.ts"],
  [`${src}/http`, "./errors.ts"],
  [`${src}/store`, "../core/errors.ts"],
  [`${src}/store/tables`, "../database.ts"],
  [`${src}/store/tables`, "../../core/errors.ts"],
  [`${src}/store/sqlite`, "../database.ts"],
  [`${src}/store/postgres`, "../database.ts"],
  [`${src}/identity`, "../core/errors.ts"],
  [`${src}/mcp`, "../core/errors.ts"],
  [`${src}/mcp`, "./policy.ts"],
  [`${src}/mcp`, "@latchkey/guard/mcp"],
  [`${src}/core`, "./errors.ts"],
  [`${src}/core/stories`, "../errors.ts"],
  [`${src}/core`, "@latchkey/guard"],
] as const;

test("the linter refuses every import against the arrows", () => {
  expect(turnedArrows([...wrong, ...right])).toEqual(wrong.map((arrow) => arrow.join(" → ")));
});

test("the linter refuses a cycle of imports that import types alone", () => {
  const found = lint("noImportCycles", {
    "packages/server/src/cycle.ts":
      'import type { Other } from "./other.ts";\nexport type Cycle = Other[];\n',
    "packages/server/src/other.ts":
      'import type { Cycle } from "./cycle.ts";\nexport type Other = Cycle[];\n',
  });
  expect(found).toMatch(/cycle\.ts:1/);
  expect(found).toMatch(/other\.ts:1/);
});
