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
  [`${src}/core/oauth`, "../../client-documents/safe-fetch.ts"],
  [`${src}/core`, "../config/config.ts"],
  [`${src}/core/stories`, "../../http/app.ts"],
  [`${src}/core/tokens`, "../../log.ts"],
  [`${src}/core`, "fastify"],
  [`${src}/core/stories`, "fastify"],
  [`${src}/core`, "node:sqlite"],
  [`${src}/http`, "../store/store.ts"],
  [`${src}/http`, "../identity/local.ts"],
  [`${src}/http`, "../client-documents/safe-fetch.ts"],
  [`${src}/http`, "../server.ts"],
  [`${src}/http`, "../config/config.ts"],
  [`${src}/http`, "../composition/app.ts"],
  [`${src}/mail`, "../store/store.ts"],
  [`${src}/mail`, "../http/app.ts"],
  [`${src}/mail/texts`, "../../composition/app.ts"],
  [`${src}/password-checks`, "../http/app.ts"],
  [`${src}/password-checks`, "../config/config.ts"],
  [`${src}/password-checks/breach-filter`, "../../store/store.ts"],
  [`${src}/http`, "../password-checks/threads.ts"],
  [`${src}/http/account`, "../../mail/mail-job.ts"],
  [`${src}/store`, "../mail/mail-job.ts"],
  [`${src}/store/tables`, "../../password-checks/threads.ts"],
  [`${src}/identity`, "../password-checks/threads.ts"],
  [`${src}/mcp`, "../mail/mail-job.ts"],
  [`${src}/core/passwords`, "../../password-checks/threads.ts"],
  [`${src}/core`, "../mail/mail-job.ts"],
  [`${src}/http`, "../mail/mail-job.ts"],
  [`${src}/http/oauth`, "../../store/store.ts"],
  [`${src}/http/oauth`, "../../client-documents/safe-fetch.ts"],
  [`${src}/http/pages`, "../../server.ts"],
  [`${src}/http/oauth`, "../../composition/app.ts"],
  [`${src}/store`, "../http/app.ts"],
  [`${src}/store`, "../identity/local.ts"],
  [`${src}/store/tables`, "../../client-documents/safe-fetch.ts"],
  [`${src}/store/tables`, "../../http/app.ts"],
  [`${src}/store/sqlite`, "../../http/app.ts"],
  [`${src}/store/sqlite`, "../../server.ts"],
  [`${src}/store/postgres`, "../../http/app.ts"],
  [`${src}/store/postgres`, "../../server.ts"],
  [`${src}/store/postgres`, "../../config/config.ts"],
  [`${src}/identity`, "../store/store.ts"],
  [`${src}/identity`, "../http/app.ts"],
  [`${src}/identity/keycloak`, "../../client-documents/safe-fetch.ts"],
  [`${src}/identity/keycloak`, "../../server.ts"],
  [`${src}/client-documents`, "../store/store.ts"],
  [`${src}/client-documents`, "../http/app.ts"],
  [`${src}/client-documents`, "../identity/local.ts"],
  [`${src}/client-documents`, "../config/config.ts"],
  [`${src}/client-documents`, "../server.ts"],
  [`${src}/mcp`, "../http/app.ts"],
  [`${src}/mcp`, "../store/store.ts"],
  [`${src}/mcp`, "../identity/local.ts"],
  [`${src}/mcp`, "../client-documents/safe-fetch.ts"],
  [`${src}/mcp`, "../server.ts"],
  [`${src}/mcp`, "pg"],
  [`${src}/http`, "../mcp/endpoint.ts"],
  [`${src}/store`, "../mcp/endpoint.ts"],
  [`${src}/identity`, "../mcp/endpoint.ts"],
  [`${src}/core`, "../mcp/endpoint.ts"],
  [`${src}/core`, "@modelcontextprotocol/server"],
  [`${src}/metrics`, "../http/app.ts"],
  [`${src}/metrics`, "../identity/local.ts"],
  [`${src}/metrics`, "../client-documents/safe-fetch.ts"],
  [`${src}/metrics`, "../server.ts"],
  [`${src}/metrics`, "../config/config.ts"],
  [`${src}/http`, "../metrics/exposition.ts"],
  [`${src}/store/tables`, "../../metrics/exposition.ts"],
  [`${src}/identity`, "../metrics/exposition.ts"],
  [`${src}/mcp`, "../metrics/exposition.ts"],
  ["packages/guard/src", "../../server/src/server.ts"],
  ["packages/guard/src", "latchkey"],
  ["packages/guard/test/mcp", "../../../server/src/server.ts"],
  ["packages/guard/test/mcp", "../../../server/test/http/exchange.ts"],
  ["packages/client/test", "../../guard/test/mcp/in-memory.ts"],
  ["packages/server/test/store", "../../../client/test/store-contract.ts"],
  ["packages/testkit/src/server", "../../../server/test/api/api-case.ts"],
  ["examples/notes-api/test", "../../../packages/guard/test/mcp/in-memory.ts"],
  ["bench/rows", "../../examples/notes-mcp/test/guide.test.ts"],
] as const;

const right = [
  [`${src}/http`, "../core/errors.ts"],
  [`${src}/http`, "./errors.ts"],
  [`${src}/http/oauth`, "../caller.ts"],
  [`${src}/http/pages`, "../../core/errors.ts"],
  [`${src}/http`, "../core/mail/outbox.ts"],
  [`${src}/store`, "../core/errors.ts"],
  [`${src}/store/tables`, "../../core/mail/outbox.ts"],
  [`${src}/password-checks`, "../core/passwords/policy.ts"],
  [`${src}/store/tables`, "../database.ts"],
  [`${src}/store/tables`, "../../core/errors.ts"],
  [`${src}/store/sqlite`, "../database.ts"],
  [`${src}/store/postgres`, "../database.ts"],
  [`${src}/identity`, "../core/errors.ts"],
  [`${src}/client-documents`, "../core/errors.ts"],
  [`${src}/mcp`, "../core/errors.ts"],
  [`${src}/mcp`, "./policy.ts"],
  [`${src}/mcp`, "@latchkey/guard/mcp"],
  [`${src}/core`, "./errors.ts"],
  [`${src}/core/stories`, "../errors.ts"],
  [`${src}/core`, "@latchkey/guard"],
  [`${src}/metrics`, "../core/version.ts"],
  [`${src}/metrics`, "../store/database.ts"],
  ["packages/server/test/store", "../postgres/server/suite-postgres.ts"],
  ["packages/server/test/misfortune", "../../../client/src/index.ts"],
  ["packages/guard/test/mcp", "@latchkey/testkit/mcp/issuer"],
] as const;

test("the linter refuses every import against the arrows", () => {
  expect(turnedArrows([...wrong, ...right])).toEqual(wrong.map((arrow) => arrow.join(" → ")));
});

test("the linter refuses the testkit and other development tools in a package", () => {
  const found = lint("noUndeclaredDependencies", {
    "packages/guard/package.json": JSON.stringify({
      dependencies: { jose: "1" },
      devDependencies: { "@latchkey/testkit": "1", express: "1" },
    }),
    "packages/guard/src/wrong.ts": 'import "@latchkey/testkit/until";\n',
    "packages/guard/src/mcp/wrong.ts": 'import "express";\n',
    "packages/guard/src/right.ts": 'import "jose";\n',
    "packages/guard/test/right.ts": 'import "@latchkey/testkit/until";\n',
  });
  expect([...found.matchAll(/([\w/]+\.ts):\d/g)].map(([, path]) => path).sort()).toEqual([
    "packages/guard/src/mcp/wrong.ts",
    "packages/guard/src/wrong.ts",
  ]);
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
