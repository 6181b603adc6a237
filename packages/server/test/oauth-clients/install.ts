import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, pythonEnvironment, run } from "@latchkey/testkit/toolchains";

const cache = cacheFolder("oauth-clients");

/** Programs of others, in exact versions. They stay out of the project's own dependencies. */
const programs = {
  "@modelcontextprotocol/conformance": "0.2.0-alpha.12",
  "mcp-remote": "0.15.1",
};

/** Both major versions of the Python SDK. */
const pythonSdks = { 1: "mcp==1.30.0", 2: "mcp==2.3.0" };

/** The scripts and interpreters that this suite starts. */
export const installed = {
  conformance: join(cache, "node_modules/@modelcontextprotocol/conformance/dist/index.js"),
  mcpRemote: join(cache, "node_modules/mcp-remote/dist/proxy.js"),
  python: { 1: join(cache, "python-1/bin/python"), 2: join(cache, "python-2/bin/python") },
};

/** Installs the programs. A later run finds them in the cache. */
export async function setup(): Promise<void> {
  await Promise.all([installNode(), installPython(1), installPython(2)]);
}

async function installNode(): Promise<void> {
  writeFileSync(join(cache, "package.json"), JSON.stringify({ private: true, dependencies: programs }));
  await run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: cache });
}

async function installPython(major: 1 | 2): Promise<void> {
  const environment = join(cache, `python-${major}`);
  await pythonEnvironment(environment);
  await run(join(environment, "bin/pip"), ["install", "--quiet", pythonSdks[major]], { cwd: cache });
}
