import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { cacheFolder, pythonEnvironment, run } from "@latchkey/testkit/toolchains";

/** The folder of a product beside this file. */
const sourceOf = (product: string) => new URL(`${product}/`, import.meta.url).pathname;

/** Copies files to the product's cache. @returns whether one of them is new */
function copied(product: string, cache: string, files: readonly string[]): boolean {
  let isNew = false;
  for (const file of files) {
    const [from, to] = [`${sourceOf(product)}${file}`, `${cache}${file}`];
    if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) continue;
    copyFileSync(from, to);
    isNew = true;
  }
  return isNew;
}

/** Installs the pinned packages of a Node program. @returns the path of its script */
export async function nodeProgram(product: string): Promise<string> {
  const cache = cacheFolder(`peers/${product}`);
  const isNew = copied(product, cache, ["package.json", "package-lock.json"]);
  copied(product, cache, ["server.mjs"]);
  if (isNew || !existsSync(`${cache}node_modules`))
    await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: cache });
  return `${cache}server.mjs`;
}

/** Builds a Go program from its pinned modules. @returns the path of the program */
export async function goProgram(product: string, path: string): Promise<string> {
  const cache = cacheFolder(`peers/${product}`);
  const program = `${cache}${product}`;
  const isNew = copied(product, cache, ["main.go", "go.mod", "go.sum"]);
  if (isNew || !existsSync(program))
    await run("go", ["build", "-trimpath", "-o", program, "."], {
      cwd: cache,
      env: { CGO_ENABLED: "0", PATH: path },
    });
  return program;
}

/** Installs the pinned packages of a Python program. @returns the folder of the program and of its environment */
export async function pythonProgram(product: string): Promise<string> {
  const cache = cacheFolder(`peers/${product}`);
  const isNew = copied(product, cache, ["requirements.txt"]);
  copied(product, cache, ["app.py"]);
  const hasEnvironment = existsSync(`${cache}environment/bin/uvicorn`);
  await pythonEnvironment(`${cache}environment`);
  if (isNew || !hasEnvironment)
    await run(`${cache}environment/bin/pip`, ["install", "--quiet", "--requirement", "requirements.txt"], {
      cwd: cache,
    });
  return cache;
}
