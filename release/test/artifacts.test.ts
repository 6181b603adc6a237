import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeArtifacts } from "../artifacts.ts";
import { publishedDependencies, rootManifest } from "../manifest.ts";
import { packages, root } from "../packages.ts";

const folder = mkdtempSync(join(tmpdir(), "latchkey-artifacts-"));
const { version } = rootManifest();
beforeAll(() => {
  writeArtifacts(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

test("sha256sum confirms the checksums of all files", () => {
  const said = execFileSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], {
    cwd: folder,
    encoding: "utf8",
  });
  const listed = readdirSync(folder).filter((name) => name !== "SHA256SUMS");
  expect(said.trimEnd().split("\n")).toEqual(listed.sort().map((name) => `${name}: OK`));
  expect(listed).toHaveLength(2 * packages.length);
});

test("no file names a path of the machine that built it", () => {
  for (const name of readdirSync(folder)) {
    const text = name.endsWith(".tgz")
      ? execFileSync("tar", ["--extract", "--gzip", "--to-stdout", "--file", join(folder, name)], {
          encoding: "utf8",
          maxBuffer: 64 * 2 ** 20,
        })
      : readFileSync(join(folder, name), "utf8");
    expect(text.length).toBeGreaterThan(100);
    for (const path of [root, `${tmpdir()}/latchkey-`, `${homedir()}/`, "file:/tmp"]) {
      expect(text.includes(path), `${name} names ${path}`).toBe(false);
    }
  }
});

describe.each(packages)("the bill of materials of $name", (each) => {
  const read = () => {
    const file = `${each.name.replace("@", "").replace("/", "-")}-${version}.cdx.json`;
    return JSON.parse(readFileSync(join(folder, file), "utf8"));
  };

  test("is a CycloneDX document about this package", () => {
    expect(read()).toMatchObject({
      bomFormat: "CycloneDX",
      specVersion: "1.5",
      serialNumber: expect.stringMatching(/^urn:uuid:/),
      metadata: { component: { name: each.name, version, "bom-ref": `${each.name}@${version}` } },
    });
  });

  test("lists the dependencies of an installation, without those for development", () => {
    const { components, dependencies, metadata } = read();
    const names: string[] = components.map(({ name }: { name: string }) => name);
    const wanted = [...Object.keys(publishedDependencies(each)), ...(each.contains ?? [])];
    expect(names).toEqual(expect.arrayContaining(wanted));
    const tools = [
      "vitest",
      "typescript",
      "rolldown",
      "knip",
      "@types/node",
      "@latchkey/testkit",
      "fast-check",
    ];
    expect(names.filter((name) => tools.includes(name))).toEqual([]);
    const [own] = dependencies.filter(({ ref }: { ref: string }) => ref === metadata.component["bom-ref"]);
    expect(own.dependsOn).toHaveLength(new Set(own.dependsOn).size);
    expect(own.dependsOn.length).toBeGreaterThanOrEqual(wanted.length);
  });

  test("every reference names a component", () => {
    const { components, dependencies, metadata } = read();
    const known = new Set(
      [metadata.component, ...components].map((component: { "bom-ref": string }) => component["bom-ref"]),
    );
    const refs: string[] = dependencies.flatMap(
      ({ ref, dependsOn }: { ref: string; dependsOn: readonly string[] }) => [ref, ...dependsOn],
    );
    expect(refs.filter((ref) => !known.has(ref))).toEqual([]);
    expect(known.size).toBe(components.length + 1);
  });
});
