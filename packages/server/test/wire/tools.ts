import { execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Outside git, kept from run to run. */
const cache = fileURLToPath(new URL("../../../../.cache/wire/", import.meta.url));

const redocly = "@redocly/cli@2.77.0";
const spectral = "@stoplight/spectral-cli@6.16.3";
const schemathesis = "schemathesis==4.32.5";
const generator = "7.25.0";

const execute = promisify(execFile);

export interface RunOptions {
  readonly cwd?: string;
  /** Milliseconds. */
  readonly timeout?: number;
}

/**
 * Runs a program to its end.
 *
 * @returns its standard output
 * @throws {Error} with its whole output, if it fails
 */
export async function run(
  command: string,
  args: readonly string[],
  { cwd = cache, timeout = 600_000 }: RunOptions = {},
): Promise<string> {
  mkdirSync(cache, { recursive: true });
  try {
    const { stdout } = await execute(command, [...args], { cwd, timeout, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const written =
      error instanceof Error ? ["stdout", "stderr"].map((name) => Reflect.get(error, name)) : [];
    throw new Error(`${command} ${args[0]} failed:\n${written.join("\n")}`, { cause: error });
  }
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

/** The path of schemathesis, installed once. */
export async function fuzzer(): Promise<string> {
  const environment = await pythonEnvironment("schemathesis");
  await run(`${environment}/bin/pip`, ["install", "--quiet", schemathesis]);
  return `${environment}/bin/schemathesis`;
}

/** A Python environment of this name. @returns its folder */
export async function pythonEnvironment(name: string): Promise<string> {
  const environment = `${cache}${name}`;
  if (!existsSync(`${environment}/bin/pip`)) await run("python3", ["-m", "venv", environment]);
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
  const properties = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  await run("java", [
    ...["-jar", jar, "generate", "-i", document, "-g", language, "-o", folder],
    ...["--git-host", "client.test", "--git-user-id", "latchkey", "--git-repo-id", "client"],
    `--additional-properties=${properties.join()}`,
  ]);
  return folder;
}
