import { existsSync, rmSync } from "node:fs";
import {
  cacheFolder,
  pythonEnvironment as environmentIn,
  type RunOptions,
  run as runIn,
} from "@latchkey/testkit/toolchains";

/** Kept from run to run. */
export const cache = cacheFolder("wire");

const redocly = "@redocly/cli@2.77.0";
const spectral = "@stoplight/spectral-cli@6.16.3";
/** It asks for TypeScript 5, so it cannot stand beside the TypeScript of this project. */
const openapiTypescript = "openapi-typescript@7.13.0";
const schemathesis = "schemathesis==4.32.5";
const generator = "7.25.0";

/** Runs a program to its end, in the cache folder of this suite unless the options name another. */
export function run(
  command: string,
  args: readonly string[],
  options: Partial<RunOptions> = {},
): Promise<string> {
  return runIn(command, args, { cwd: cache, ...options });
}

/** Runs a linter of OpenAPI documents, which npm keeps in its own cache. */
export const lint = {
  redocly: (document: string) =>
    run("npm", [
      "exec",
      "--yes",
      `--package=${redocly}`,
      "--",
      "redocly",
      "lint",
      "--extends=recommended",
      document,
    ]),
  spectral: (document: string, ruleset: string) =>
    run("npm", [
      ...["exec", "--yes", `--package=${spectral}`, "--"],
      ...["spectral", "lint", "--fail-severity=error", `--ruleset=${ruleset}`, document],
    ]),
};

/** Writes the TypeScript types of a document to a file. */
export function typesOf(document: string, file: string): Promise<string> {
  const packages = [openapiTypescript, "typescript@5.9.3"].map((name) => `--package=${name}`);
  return run("npm", ["exec", "--yes", ...packages, "--", "openapi-typescript", document, "-o", file]);
}

/** The path of schemathesis, installed once. */
export async function fuzzer(): Promise<string> {
  const environment = await pythonEnvironment("schemathesis");
  await run(`${environment}/bin/pip`, ["install", "--quiet", schemathesis]);
  return `${environment}/bin/schemathesis`;
}

/** A Python environment of this name. @returns its folder */
export async function pythonEnvironment(name: string): Promise<string> {
  const environment = `${cache}${name}`;
  await environmentIn(environment);
  return environment;
}

/** Generates a client from a document. @returns its folder */
export async function generate(
  document: string,
  language: "python" | "go" | "java",
  options: Readonly<Record<string, string>>,
): Promise<string> {
  const jar = `${cache}openapi-generator-cli-${generator}.jar`;
  if (!existsSync(jar)) {
    const artifact = `org.openapitools:openapi-generator-cli:${generator}`;
    await run("mvn", ["-q", "-B", "dependency:copy", `-Dartifact=${artifact}`, `-DoutputDirectory=${cache}`]);
  }
  const folder = `${cache}${language}`;
  // A file of a model that an older document had would be compiled too.
  rmSync(folder, { recursive: true, force: true });
  const properties = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  await run("java", [
    ...["-jar", jar, "generate", "-i", document, "-g", language, "-o", folder],
    ...["--git-host", "client.test", "--git-user-id", "latchkey", "--git-repo-id", "client"],
    `--additional-properties=${properties.join()}`,
  ]);
  return folder;
}
