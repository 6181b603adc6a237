import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Place } from "@latchkey/testkit/server/server-process";
import { expect, inject, test } from "vitest";
import { place as placeBeside } from "./program.ts";

const execute = promisify(execFile);
const place = new Place();

/** The README's first example as it is printed, and the output that its comments promise. */
const [, example = ""] =
  /```ts\n(.*?)```/s.exec(readFileSync(join(inject("client").installed, "README.md"), "utf8")) ?? [];
const promised = [...example.matchAll(/^console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line]) => line);

/** Installs the newest Node of a major version from the registry. @returns its program */
async function nodeOf(major: number): Promise<string> {
  const folder = mkdtempSync(join(inject("client").project, `node-${major}-`));
  // The package `node` fetches the program of this platform in an install script.
  const manifest = { private: true, allowScripts: { node: true } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  await execute("npm", ["install", `node@${major}`, "--no-audit", "--no-fund"], { cwd: folder });
  return join(folder, "node_modules/node/bin/node");
}

test("the README's first example runs as printed on Node 20", async () => {
  expect(promised).toHaveLength(4);
  const node = await nodeOf(20);
  expect((await execute(node, ["--version"])).stdout).toMatch(/^v20\./);
  const demo = await place.server({ command: "demo", env: { LATCHKEY_DATABASE: "" } });
  const file = placeBeside("first.mjs", example.replace("http://127.0.0.1:8000", demo.url));
  const { stdout, stderr } = await execute(node, [file]);
  expect({ stderr, lines: stdout.trim().split("\n") }).toEqual({ stderr: "", lines: promised });
}, 240_000);
