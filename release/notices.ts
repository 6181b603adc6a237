import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./packages.ts";

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
    const manifest: Manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const banners = sources.filter((file) => file.startsWith(`${folder}/`)).flatMap(bannersOf);
    const licence = [licenceOf(folder, manifest), ...new Set(banners)].join("\n\n");
    return noticeOf(`${manifest.name} ${manifest.version}`, licence);
  });
  const ofData = data.map(({ name, licence }) => noticeOf(name, readFileSync(licence, "utf8")));
  return ["# Licences of the packages that this one contains\n", ...notices, ...ofData].join("\n");
}

/** The notices in a source file: it may contain another package, and the built code has no comments. */
function bannersOf(file: string): string[] {
  const comments = readFileSync(file, "utf8").match(/\/\*!.*?\*\//gs) ?? [];
  return comments.filter((comment) => /copyright/i.test(comment));
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name: string };
}

/** The licence of a package: its own text, or that of MIT with its author, if its manifest alone names them. */
function licenceOf(folder: string, { name, license, author }: Manifest): string {
  const [file] = globSync(join(folder, "{LICENSE,LICENCE,license,licence}*"));
  if (file !== undefined) return readFileSync(file, "utf8");
  const holder = typeof author === "object" ? author.name : author;
  if (license !== "MIT" || holder === undefined)
    throw new Error(`${name} has no licence text: it cannot be part of a package`);
  const ours = readFileSync(join(root, "LICENSE"), "utf8");
  return ours.replace(/^Copyright .*$/m, () => `Copyright (c) ${holder}`);
}

function noticeOf(name: string, licence: string): string {
  return `## ${name}\n\n${licence.trim()}\n`;
}
