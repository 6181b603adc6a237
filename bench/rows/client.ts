import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "rolldown";
import { runTask } from "../children.ts";
import { median } from "../quantiles.ts";
import { type Measure, type Row, shown } from "../row.ts";
import { scratchFolder } from "../service.ts";
import { calls } from "./client-calls.ts";

/** The published client, compared with `openapi-fetch` and bare `fetch`. */
export const client: Measure = async ({ quick }) => {
  const root = new URL("../../", import.meta.url);
  execFileSync(process.execPath, [new URL("release/build.ts", root).pathname], { stdio: "inherit" });
  const ours = new URL("packages/client/dist/esm/index.js", root).href;
  const other = import.meta.resolve("openapi-fetch");
  return [
    ...(await size(ours, other)),
    ...(await coldImport(ours, other, quick)),
    ...(await calls(ours, quick)),
  ];
};

const sizeGoal = 6_272;

/** The size of all exports of a client: bundled, minified and compressed. */
async function size(ours: string, other: string): Promise<readonly Row[]> {
  const [bytes, limit] = [await bundled(ours), await bundled(other)];
  return [
    {
      what: "client: size, minified and compressed",
      figure: `${shown(bytes, 0)} bytes`,
      limit: `${shown(limit, 0)} bytes: openapi-fetch, without sessions and retries`,
      ratio: shown(bytes / limit),
      goal: `≤ ${shown(sizeGoal, 0)} bytes`,
      met: bytes <= sizeGoal,
    },
  ];
}

async function bundled(module: string): Promise<number> {
  const { output } = await build({
    input: fileURLToPath(module),
    platform: "browser",
    write: false,
    output: { minify: true },
  });
  return gzipSync(output[0].code, { level: 9 }).length;
}

const importScript = new URL("../cold-import.ts", import.meta.url);

/** The time that a new process takes to import a client. */
async function coldImport(ours: string, other: string, quick: boolean): Promise<readonly Row[]> {
  using folder = scratchFolder();
  const nothing = `${folder.path}/nothing.js`;
  writeFileSync(nothing, "");
  const taken: number[][] = [[], [], []];
  for (let round = 0; round < (quick ? 3 : 25); round++) {
    for (const [which, module] of [ours, other, pathToFileURL(nothing).href].entries()) {
      taken[which]?.push(await runTask<number>({ script: importScript, processor: 0 }, module, 10));
    }
  }
  const [mine = 0, others = 0, least = 0] = taken.map(median);
  return [
    {
      what: "client: cold import",
      figure: `${shown(mine, 1)} ms`,
      limit: `${shown(others, 1)} ms: openapi-fetch; ${shown(least, 1)} ms: an empty module`,
      ratio: `${shown(mine / others)} of openapi-fetch`,
    },
  ];
}
