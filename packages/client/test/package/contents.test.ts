import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, inject, test } from "vitest";
import { run } from "./program.ts";

const { project, installed } = inject("client");
const source = join(import.meta.dirname, "../../src");

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

test("contains three entries, their types, the README and the licence only", () => {
  const types = filesIn(source).map((name) => name.replace(/\.ts$/, ".d.ts"));
  const built = ["cjs", "esm"].flatMap((folder) =>
    [...types, "browser.js", "file.js", "index.js", "package.json"].map((name) => `${folder}/${name}`),
  );
  expect(types).toContain("client.d.ts");
  expect(filesIn(installed)).toEqual([...built, "LICENSE", "README.md", "package.json"].sort());
});

test("every import of the types exists", () => {
  const types = join(installed, "esm");
  const named = filesIn(types)
    .filter((name) => name.endsWith(".d.ts"))
    .flatMap((name) => [
      ...readFileSync(join(types, name), "utf8").matchAll(/(?:from |import\()"(\.[^"]+)"/g),
    ])
    .map(([, specifier = ""]) => specifier);
  const there = filesIn(source).map((name) => `./${name.replace(/\.ts$/, ".js")}`);
  expect(named).toContain("./client.js");
  expect(there).toEqual(expect.arrayContaining([...new Set(named)]));
});

test("installs no other package", () => {
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  for (const field of ["dependencies", "peerDependencies", "optionalDependencies", "bundleDependencies"]) {
    expect(manifest).not.toHaveProperty(field);
  }
  const packages = readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith("."));
  expect(packages).toEqual(["@latchkey"]);
});

test("has no scripts", () => {
  expect(JSON.parse(readFileSync(join(installed, "package.json"), "utf8"))).not.toHaveProperty("scripts");
});

test.each(["index.js", "session.d.ts"])("internal modules cannot be imported: esm/%s", async (file) => {
  const hidden = [`@latchkey/client/esm/${file}`, `@latchkey/client/cjs/${file}`];
  const program = `
    import { createRequire } from "node:module";
    const require = createRequire(import.meta.url);
    const codes = [];
    for (const name of ${JSON.stringify(hidden)}) {
      await import(name).catch(({ code }) => codes.push(code));
      try { require(name); } catch ({ code }) { codes.push(code); }
    }
    console.log(JSON.stringify(codes));`;
  expect(await run("insides.mjs", program)).toEqual(Array(4).fill("ERR_PACKAGE_PATH_NOT_EXPORTED"));
});
