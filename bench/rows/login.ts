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

interface Place {
  readonly what: string;
  readonly processor: Processor;
  /** Hashes at once, there and in the bare loop. */
  readonly concurrency: number;
  /** Whether the goal holds here. It does not where the load takes its part of the same processors. */
  readonly judged: boolean;
}

const places: readonly Place[] = [
  {
    what: "login, as it comes: every processor hashes, the load on the same ones",
    processor: "any",
    concurrency: availableParallelism(),
    judged: false,
  },
  { what: "login, one processor, one hash at a time", processor: 0, concurrency: 1, judged: true },
];

/** Logins beside the bare password check, with as many hashes at once on the same processors. */
export const login: Measure = async ({ quick }) => {
  const rows: Row[] = [];
  for (const place of places) rows.push(await measure(place, quick));
  return rows;
};

async function measure({ what, processor, concurrency, judged }: Place, quick: boolean): Promise<Row> {
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
    ...(judged ? { goal: `≥ ${goal}`, met: ratio >= goal } : {}),
  };
}
