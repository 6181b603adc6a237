import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { rootManifest } from "./manifest.ts";
import { folderOf, type Package } from "./packages.ts";

/**
 * The README of a published package. A relative link is valid in the repository only, so it becomes the address of
 * that file at the tag of this version.
 */
export function publishedReadme(of: Package): string {
  const { version, repository } = rootManifest();
  const address = repository?.url.replace(/^git\+|\.git$/g, "");
  return readFileSync(join(folderOf(of), "README.md"), "utf8").replaceAll(
    /\]\((?![a-z]+:|#)([^)#]+)(#[^)]*)?\)/g,
    (_link, path: string, fragment = "") =>
      `](${address}/blob/v${version}/${posix.join("packages", of.folder, path)}${fragment})`,
  );
}
