import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "rolldown";
import { type Row, shown } from "../row.ts";

const goal = 5_760;

/** The size of all exports of a client: bundled, minified and compressed. */
export async function size(ours: string, other: string): Promise<readonly Row[]> {
  const [bytes, limit] = [await bundled(ours), await bundled(other)];
  return [
    {
      what: "client: size, minified and compressed",
      figure: `${shown(bytes, 0)} bytes`,
      limit: `${shown(limit, 0)} bytes: openapi-fetch, without sessions and retries`,
      ratio: shown(bytes / limit),
      goal: `≤ ${shown(goal, 0)} bytes`,
      met: bytes <= goal,
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
