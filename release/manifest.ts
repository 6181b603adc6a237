import { readFileSync } from "node:fs";
import { join } from "node:path";
import { folderOf, type Package, packages, root } from "./packages.ts";

/** The fields of a manifest that the build reads. */
export interface SourceManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly license: string;
  readonly engines: { readonly node: string };
  readonly homepage?: string;
  readonly bugs?: string;
  readonly repository?: { readonly type: string; readonly url: string };
  readonly sideEffects?: boolean;
  readonly exports?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional: boolean }>>;
}

/** The manifest of a package as it is in the repository. */
export function sourceManifest(of: Package): SourceManifest {
  return readManifest(folderOf(of));
}

/** The manifest of the whole repository: its version, address and home page are those of every package. */
export function rootManifest(): SourceManifest {
  return readManifest(root);
}

/** The public entries of a library: the subpath, and the source without `./src/` and `.ts`. */
export function entriesOf(of: Package): readonly (readonly [subpath: string, source: string])[] {
  return Object.entries(sourceManifest(of).exports ?? {})
    .filter(([subpath]) => !of.internal?.includes(subpath))
    .map(([subpath, file]) => [subpath, file.replace(/^\.\/src\/(.+)\.ts$/, "$1")]);
}

/** The built file of an entry, without its extension: `index` for `.`, `mcp/v1` for `./mcp/v1`. */
export function entryName(subpath: string): string {
  return subpath === "." ? "index" : subpath.slice(2);
}

/** The packages that an installation brings: those of the package, and those of own packages that it contains. */
export function publishedDependencies(of: Package): Readonly<Record<string, string>> {
  const own = sourceManifest(of).dependencies ?? {};
  const contained = packages.filter(({ name }) => name in own);
  const names = { ...Object.assign({}, ...contained.map(publishedDependencies)), ...own };
  for (const name of [...contained.map(({ name }) => name), ...(of.contains ?? [])]) delete names[name];
  return Object.fromEntries(Object.entries(names as Record<string, string>).sort());
}

/** The manifest of a package as it is published. */
export function publishedManifest(of: Package): object {
  const manifest = sourceManifest(of);
  const { version, homepage, bugs, repository } = rootManifest();
  const dependencies = publishedDependencies(of);
  const { name, description, keywords, license, engines, sideEffects, bin } = manifest;
  const { peerDependencies, peerDependenciesMeta } = manifest;
  return {
    ...{ name, version, description, keywords, homepage, bugs },
    repository: { ...repository, directory: `packages/${of.folder}` },
    ...{ license, type: "module", sideEffects, bin },
    ...(of.kind === "library" ? libraryEntries(of) : { exports: { "./package.json": "./package.json" } }),
    engines,
    ...(Object.keys(dependencies).length > 0 && { dependencies }),
    ...{ peerDependencies, peerDependenciesMeta },
  };
}

/** The entries for ES modules and CommonJS, and for compilers that read neither. */
function libraryEntries(of: Package) {
  const entries = entriesOf(of);
  const files = (format: "esm" | "cjs", subpath: string, source: string) => ({
    types: `./${format}/${source}.d.ts`,
    default: `./${format}/${entryName(subpath)}.js`,
  });
  const conditions = entries.map(([subpath, source]) => [
    subpath,
    { import: files("esm", subpath, source), require: files("cjs", subpath, source) },
  ]);
  const older = entries.filter(([subpath]) => subpath !== ".");
  return {
    main: "./cjs/index.js",
    types: "./cjs/index.d.ts",
    exports: { ...Object.fromEntries(conditions), "./package.json": "./package.json" },
    typesVersions: {
      "*": Object.fromEntries(older.map(([path, source]) => [entryName(path), [`./cjs/${source}.d.ts`]])),
    },
  };
}

function readManifest(folder: string): SourceManifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}
