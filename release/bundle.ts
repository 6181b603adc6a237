import { type OutputOptions, rolldown } from "rolldown";
import { publishedDependencies } from "./manifest.ts";
import type { Package } from "./packages.ts";

/** A worker is started from the address of its file, which ends in `.js` after the build. */
const builtWorkers = {
  name: "built-workers",
  transform: (code: string) =>
    code.replaceAll(/new URL\("(\.\/[\w-]+)\.ts", import\.meta\.url\)/g, 'new URL("$1.js", import.meta.url)'),
};

/**
 * Builds some entries of a package. Dependencies stay imports, so that an installation can update them.
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
    external: (name) => name.startsWith("node:") || isInstalled(name),
    platform: of.kind === "program" ? "node" : "neutral",
    transform: { target: of.kind === "program" ? "node24" : "es2022" },
    plugins: [builtWorkers],
    logLevel: "warn",
  });
  const built = await bundler.write({ entryFileNames: "[name].js", ...output });
  return built.output.flatMap((part) => (part.type === "chunk" ? part.moduleIds : []));
}
