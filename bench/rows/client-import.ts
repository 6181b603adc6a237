import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { runTask } from "../children.ts";
import { median } from "../quantiles.ts";
import { type Row, shown } from "../row.ts";
import { scratchFolder } from "../service.ts";

const script = new URL("../cold-import.ts", import.meta.url);

/** The time that a new process takes to import a client. */
export async function coldImport(ours: string, other: string, quick: boolean): Promise<readonly Row[]> {
  using folder = scratchFolder();
  const nothing = `${folder.path}/nothing.js`;
  writeFileSync(nothing, "");
  const taken: number[][] = [[], [], []];
  for (let round = 0; round < (quick ? 3 : 25); round++) {
    for (const [which, module] of [ours, other, pathToFileURL(nothing).href].entries()) {
      taken[which]?.push(await runTask<number>({ script, processor: 0 }, module, 10));
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
