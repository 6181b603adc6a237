import { startCopy } from "../bare-copy.ts";
import { type LoadResult, makeLoad } from "../make-load.ts";
import { median } from "../quantiles.ts";
import { meRequest, signIn } from "../requests.ts";
import { type Measure, shown } from "../row.ts";
import { scratchFolder, startLatchkey } from "../service.ts";

const goal = 0.85;
const connections = 32;

/** From this share of its processor on a server is busy. One that waits takes more processor time for a request. */
const saturated = 0.9;

/** `me` compared with a bare `node:http` server that sends the same bytes, by processor time for a request. */
export const me: Measure = async ({ quick }) => {
  const [rounds, seconds] = quick ? [3, 1] : [7, 2.5];
  using folder = scratchFolder();
  await using server = await startLatchkey({ folder: folder.path, processor: 0 });
  const requests = (await signIn(server.port, connections)).map((tokens) => meRequest(tokens.access_token));
  const load = { connections, seconds, traffic: { kind: "repeat", requests }, expected: [200] } as const;
  await using bare = await startCopy(folder.path, server, requests[0] ?? "");

  for (const service of [bare, server]) await makeLoad(service, { ...load, seconds: quick ? 1 : 3 });
  const results: { ours: LoadResult; limit: LoadResult }[] = [];
  while (results.length < rounds) {
    const limit = await makeLoad(bare, load);
    results.push({ limit, ours: await makeLoad(server, load) });
  }
  const busy = results.every(({ ours, limit }) => ours.busy > saturated && limit.busy > saturated);
  const ratio = median(results.map(({ ours, limit }) => limit.cost / ours.cost));
  const figure = (side: "ours" | "limit") => {
    const of = (name: "rate" | "cost" | "busy") => median(results.map((result) => result[side][name]));
    return `${shown(of("rate"), 0)}/s (${shown(of("cost"), 1)} µs each, processor ${shown(of("busy") * 100, 0)} % busy)`;
  };
  return [
    {
      what: "me, one processor",
      figure: figure("ours"),
      limit: `${figure("limit")}: bare node:http, same bytes`,
      ratio: `${shown(ratio)} by processor time${busy ? "" : ", although a server waited for the load"}`,
      goal: `≥ ${goal}`,
      met: ratio >= goal,
    },
  ];
};
