import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A file of another project that a package contains as data. */
export interface ForeignData {
  /** The project and the file. */
  readonly name: string;
  /** The path of its licence. */
  readonly licence: string;
}

/**
 * The licences of the packages and the data in a bundle. Each licence requires its text beside the code.
 *
 * @param sources the files of the bundle
 * @throws {Error} if a package has no licence text
 */
export function noticesFor(sources: readonly string[], data: readonly ForeignData[] = []): string {
  const folders = new Set(
    sources.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []),
  );
  const notices = [...folders].sort().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const [licence] = globSync(join(folder, "{LICENSE,LICENCE,license,licence}*"));
    if (licence === undefined) throw new Error(`${name} has no licence text: it cannot be part of a package`);
    return noticeOf(`${name} ${version}`, licence);
  });
  const ofData = data.map(({ name, licence }) => noticeOf(name, licence));
  return ["# Licences of the packages that this one contains\n", ...notices, ...ofData].join("\n");
}

function noticeOf(name: string, licence: string): string {
  return `## ${name}\n\n${readFileSync(licence, "utf8").trim()}\n`;
}
