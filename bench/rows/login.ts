import { availableParallelism } from "node:os";
import { runTask } from "../children.ts";
import { makeLoad } from "../make-load.ts";
import type { Processor } from "../processors.ts";
import { median } from "../quantiles.ts";
import { administrator, loginRequest } from "../requests.ts";
import { type Measure, type Row, shown } from "../row.ts";
import { scratchFolder, startLatchkey } from "../service.ts";

const goal = 0.9;
const connections = 12;

interface Setup {
  readonly what: string;
  readonly processor: Processor;
  /** Concurrent hashes, in the server and in the bare loop. */
  readonly concurrency: number;
  /** Whether the goal applies. It does not if the load runs on the same processors. */
  readonly hasGoal: boolean;
}

const setups: readonly Setup[] = [
  {
    what: "login, default: every processor hashes, with the load on the same ones",
    processor: "any",
    concurrency: availableParallelism(),
    hasGoal: false,
  },
  { what: "login, one processor, one hash at a time", processor: 0, concurrency: 1, hasGoal: true },
];

/** Logins compared with the bare password check, with the same concurrency on the same processors. */
export const login: Measure = async ({ quick }) => {
  const rows: Row[] = [];
  for (const setup of setups) rows.push(await measure(setup, quick));
  return rows;
};

async function measure({ what, processor, concurrency, hasGoal }: Setup, quick: boolean): Promise<Row> {
  const [rounds, seconds] = quick ? [3, 1] : [9, 2.5];
  using folder = scratchFolder();
  const settings = { LATCHKEY_HASH_CONCURRENCY: String(concurrency) };
  await using server = await startLatchkey({ folder: folder.path, processor, settings });
  const requests = [loginRequest(administrator.username, administrator.password)];
  const load = { connections, traffic: { kind: "repeat", requests }, expected: [200] } as const;
  const bare = { script: new URL("../bare-hash.ts", import.meta.url), processor };

  await makeLoad(server, { ...load, seconds: 1 });
  const results: { ours: number; limit: number }[] = [];
  while (results.length < rounds) {
    const ceiling = await runTask<{ perSecond: number }>(bare, { seconds, concurrency }, seconds + 20);
    const { rate } = await makeLoad(server, { ...load, seconds });
    results.push({ ours: rate, limit: ceiling.perSecond });
  }
  const ratio = median(results.map(({ ours, limit }) => ours / limit));
  return {
    what,
    figure: `${shown(median(results.map(({ ours }) => ours)), 1)}/s`,
    limit: `${shown(median(results.map(({ limit }) => limit)), 1)}/s: bare argon2id, same parameters`,
    ratio: shown(ratio),
    ...(hasGoal ? { goal: `≥ ${goal}`, met: ratio >= goal } : {}),
  };
}
