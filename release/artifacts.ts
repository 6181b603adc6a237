import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { materialsOf } from "./materials.ts";
import { distOf, type Package, packages } from "./packages.ts";
import { run } from "./run.ts";

/**
 * Writes what a release consists of: a tarball and a bill of materials (CycloneDX) for each package, and the
 * checksums of all of them.
 *
 * @param folder the folder for them; it is emptied first
 * @returns the names of the files
 */
export function writeArtifacts(folder: string): readonly string[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const each of packages) writePackage(each, folder);
  const names = readdirSync(folder).sort();
  writeFileSync(
    join(folder, "SHA256SUMS"),
    names.map((name) => `${sha256(join(folder, name))}  ${name}\n`).join(""),
  );
  return [...names, "SHA256SUMS"];
}

function writePackage(of: Package, folder: string): void {
  const [{ filename }] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", folder], distOf(of)));
  const materials = `${JSON.stringify(materialsOf(of, join(folder, filename)), undefined, 2)}\n`;
  writeFileSync(join(folder, `${basename(filename, ".tgz")}.cdx.json`), materials);
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
