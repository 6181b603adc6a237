import { type OutputChunk, type OutputOptions, type RolldownBuild, rolldown } from "rolldown";
import { publishedDependencies } from "./manifest.ts";
import type { Package } from "./packages.ts";

/** A worker is started from the address of its file, which ends in `.js` after the build. */
const builtWorkers = {
  name: "built-workers",
  transform: (code: string) =>
    code.replaceAll(/new URL\("(\.\/[\w-]+)\.ts", import\.meta\.url\)/g, 'new URL("$1.js", import.meta.url)'),
};

/** The modules of Node that a dependency names at its start, and needs only for servers that Latchkey never makes. */
const unusedAtStart = ["node:http2", "node:https"];

/** Loads such a module at its first use. */
const lateModules = {
  name: "late-modules",
  resolveId: (id: string, importer: string | undefined) =>
    unusedAtStart.includes(id) && importer?.includes("/node_modules/") ? `\0late ${id}` : undefined,
  load: (id: string) =>
    id.startsWith("\0late ")
      ? `module.exports = new Proxy({}, { get: (_, name) => process.getBuiltinModule("${id.slice(6)}")[name] });`
      : undefined,
};

/**
 * A program is one text without comments and in ASCII: Node reads it in half the time, and V8 keeps it in half the
 * memory. Names and lines stay, so that a stack trace can be read.
 */
const programText: OutputOptions = {
  comments: false,
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: false, asciiOnly: true } },
};

/**
 * Builds some entries of a package. Its other dependencies stay imports, so that an installation can update them.
 *
 * @param input the source of each entry, by the name of its built file without the extension
 * @returns the source files that the built files contain
 */
export async function bundle(
  of: Package,
  input: Readonly<Record<string, string>>,
  output: OutputOptions,
): Promise<readonly string[]> {
  const installed = Object.keys(publishedDependencies(of));
  const isInstalled = (name: string) => installed.some((known) => `${name}/`.startsWith(`${known}/`));
  await using bundler = await rolldown({
    input,
    external: (name) => (name.startsWith("node:") && !unusedAtStart.includes(name)) || isInstalled(name),
    platform: of.kind === "program" ? "node" : "neutral",
    transform: { target: of.kind === "program" ? "node24" : "es2022" },
    plugins: of.kind === "program" ? [builtWorkers, lateModules] : [builtWorkers],
    // The files of a program are no interface.
    preserveEntrySignatures: of.kind === "program" ? "allow-extension" : "strict",
    logLevel: "warn",
  });
  const options = { entryFileNames: "[name].js", ...(of.kind === "program" && programText), ...output };
  const built = await bundler.write(
    of.kind === "program" ? { ...options, codeSplitting: await fewFiles(bundler, options) } : options,
  );
  return built.output.flatMap((part) => (part.type === "chunk" ? part.moduleIds : []));
}

/**
 * Joins the modules of the command line, and those of the server's start. Each would be a small file of its own, and
 * Node takes longer to find a file than to run it. The threads load few modules, so theirs stay small.
 */
async function fewFiles(bundler: RolldownBuild, options: OutputOptions) {
  const { output } = await bundler.generate(options);
  const chunks = output.filter((part) => part.type === "chunk");
  const threads = modulesOf(chunks, ({ isEntry, name }) => isEntry && name.endsWith("-thread"));
  const command = modulesOf(chunks, ({ name }) => name === "main").difference(threads);
  const start = modulesOf(chunks, ({ name }) => name === "serve")
    .difference(threads)
    .difference(command);
  if (command.size === 0 || start.size === 0) throw new Error("the bundle has no command or no start");
  const group = (name: string, modules: ReadonlySet<string>) => ({
    name,
    test: (module: string) => modules.has(module),
    includeDependenciesRecursively: false,
  });
  return { groups: [group("command", command), group("start", start)] };
}

/** The modules of some chunks, and of those that they import at once. */
function modulesOf(chunks: readonly OutputChunk[], isRoot: (chunk: OutputChunk) => boolean): Set<string> {
  const byFile = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const reached = new Set(chunks.filter(isRoot));
  for (const { imports } of reached) {
    for (const file of imports) {
      const imported = byFile.get(file);
      if (imported !== undefined) reached.add(imported);
    }
  }
  return new Set([...reached].flatMap(({ moduleIds }) => moduleIds));
}
