import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The licences of the packages in a bundle. Each licence requires its text beside the code.
 *
 * @param sources the files of the bundle
 * @throws {Error} if a package has no licence text
 */
export function noticesFor(sources: readonly string[]): string {
  const folders = new Set(
    sources.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []),
  );
  const notices = [...folders].sort().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const [licence] = globSync(join(folder, "{LICENSE,LICENCE,license,licence}*"));
    if (licence === undefined) throw new Error(`${name} has no licence text: it cannot be part of a package`);
    return `## ${name} ${version}\n\n${readFileSync(licence, "utf8").trim()}\n`;
  });
  return ["# Licences of the packages that this one contains\n", ...notices].join("\n");
}
