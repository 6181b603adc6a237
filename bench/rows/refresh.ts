import type { DiskReport } from "../bare-disk.ts";
import { runTask } from "../children.ts";
import { type LoadResult, makeLoad } from "../make-load.ts";
import { median } from "../quantiles.ts";
import { refreshing, signIn } from "../requests.ts";
import { type Measure, shown } from "../row.ts";
import { scratchFolder, startLatchkey } from "../service.ts";

const goal = 3000;
const connections = 64;

/** Durable refreshes with rotation, compared with single writes to the disk. */
export const refresh: Measure = async ({ quick }) => {
  const [rounds, seconds] = quick ? [2, 1.5] : [5, 4];
  using folder = scratchFolder();
  await using server = await startLatchkey({ folder: folder.path, processor: 0 });
  const bare = { script: new URL("../bare-disk.ts", import.meta.url), processor: 0 } as const;
  let tokens: readonly string[] = (await signIn(server.port, connections)).map((each) => each.refresh_token);

  const results: { ours: LoadResult; disk: DiskReport }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const traffic = { kind: "refresh", tokens, request: refreshing } as const;
    const ours = await makeLoad(server, { connections, seconds, traffic, expected: [200] });
    tokens = ours.tokens;
    if (round === 0) continue; // The first one warms up.
    const disk = await runTask<DiskReport>(bare, { folder: folder.path, seconds: seconds / 2 }, seconds + 20);
    results.push({ ours, disk });
  }
  const rate = median(results.map(({ ours }) => ours.rate));
  const appends = median(results.map(({ disk }) => disk.appendsPerSecond));
  const commits = median(results.map(({ disk }) => disk.commitsPerSecond));
  const busy = median(results.map(({ ours }) => ours.busy));
  const p99 = median(results.map(({ ours }) => ours.p99));
  return [
    {
      what: `refresh with rotation, durable, one processor, ${connections} connections`,
      figure: `${shown(rate, 0)}/s (processor ${shown(busy * 100, 0)} % busy, p99 ${shown(p99, 1)} ms)`,
      limit: `${shown(appends, 0)}/s append + fdatasync; ${shown(commits, 0)}/s SQLite commits, both one at a time`,
      ratio: `${shown(rate / appends)} of appends; ${shown(rate / commits)} of commits`,
      goal: `≥ ${shown(goal, 0)}/s`,
      met: rate >= goal,
    },
  ];
};
