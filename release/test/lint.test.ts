import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { describe, expect, inject, test } from "vitest";
import { packages } from "../packages.ts";

describe.each(packages)("$name", ({ folder }) => {
  const tarball = Uint8Array.from(readFileSync(inject(folder).tarball));

  test("publint reports nothing", async () => {
    const { messages } = await publint({ strict: true, pack: { tarball: tarball.buffer } });
    expect(messages).toEqual([]);
  });
});

describe.each([
  ["client", [".", "./browser", "./file"]],
  ["guard", [".", "./express", "./fastify", "./mcp", "./mcp/v1", "./verifier"]],
] as const)("@latchkey/%s", (folder, entries) => {
  const tarball = Uint8Array.from(readFileSync(inject(folder).tarball));

  test("are-the-types-wrong finds no problem with any resolution", async () => {
    const result = await checkPackage(createPackageFromTarballData(tarball));
    if (!result.types) throw new Error("there are no types");
    expect(result.problems).toEqual([]);
    expect(Object.keys(result.entrypoints)).toEqual([...entries, "./package.json"]);
    for (const { resolutions } of Object.values(result.entrypoints)) {
      expect(Object.keys(resolutions)).toEqual(["node10", "node16-cjs", "node16-esm", "bundler"]);
    }
  });
});
