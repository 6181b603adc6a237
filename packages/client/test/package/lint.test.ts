import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { expect, inject, test } from "vitest";

const tarball = Uint8Array.from(readFileSync(inject("packed").tarball));

test("publint reports nothing", async () => {
  const { messages } = await publint({ strict: true, pack: { tarball: tarball.buffer } });
  expect(messages).toEqual([]);
});

test("are-the-types-wrong finds no problem with any resolution", async () => {
  const result = await checkPackage(createPackageFromTarballData(tarball));
  if (!result.types) throw new Error("there are no types");
  expect(result.problems).toEqual([]);
  expect(Object.keys(result.entrypoints)).toEqual([".", "./file", "./package.json"]);
  for (const { resolutions } of Object.values(result.entrypoints)) {
    expect(Object.keys(resolutions)).toEqual(["node10", "node16-cjs", "node16-esm", "bundler"]);
  }
});
