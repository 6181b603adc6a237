import { type Load, type LoadResult, makeLoad } from "../make-load.ts";
import { median } from "../quantiles.ts";
import { administrator, loginRequest, meRequest, signIn } from "../requests.ts";
import { type Measure, shown } from "../row.ts";
import { scratchFolder, startLatchkey } from "../service.ts";

const goal = 3;
const perSecond = 500;
const { username, password } = administrator;

/** More callers than the queue admits, with right and wrong passwords. A refused caller retries soon. */
const storm: Omit<Load, "seconds"> = {
  connections: 100,
  traffic: {
    kind: "repeat",
    requests: [
      loginRequest(username, password),
      loginRequest(username, "wrong password"),
      loginRequest("nobody", password),
    ],
    restAfter503: 100,
  },
  processor: "any",
  expected: [200, 401, 503],
};

/** The latency of `me` while a storm of logins fills the hash queue. */
export const stormed: Measure = async ({ quick }) => {
  const [rounds, seconds] = quick ? [2, 2] : [5, 5];
  using folder = scratchFolder();
  await using server = await startLatchkey({ folder: folder.path, processor: "any" });
  const requests = (await signIn(server.port, 16)).map((tokens) => meRequest(tokens.access_token));
  const calls: Load = {
    connections: 64,
    seconds,
    traffic: { kind: "paced", requests, perSecond },
    processor: "any",
    expected: [200],
  };

  await makeLoad(server, { ...calls, seconds: 1 });
  const results: { idle: LoadResult; busy: LoadResult; logins: LoadResult }[] = [];
  while (results.length < rounds) {
    const idle = await makeLoad(server, calls);
    const [logins, busy] = await Promise.all([
      makeLoad(server, { ...storm, seconds: seconds + 2 }),
      new Promise((begin) => setTimeout(begin, 1000)).then(() => makeLoad(server, calls)),
    ]);
    if ((logins.statuses[503] ?? 0) === 0) throw new Error("the storm did not fill the hash queue");
    results.push({ idle, busy, logins });
  }
  const of = (when: "idle" | "busy", name: "p50" | "p99") => median(results.map((each) => each[when][name]));
  const loginsPer = (status: number) =>
    shown(median(results.map(({ logins }) => (logins.statuses[status] ?? 0) / logins.seconds)), 0);
  const ratio = median(results.map(({ idle, busy }) => busy.p99 / idle.p99));
  const latency = (when: "idle" | "busy") =>
    `p99 ${shown(of(when, "p99"))} ms, p50 ${shown(of(when, "p50"))} ms`;
  return [
    {
      what: `me at ${perSecond}/s in a login storm (per second ${loginsPer(200)} × 200, ${loginsPer(401)} × 401, ${loginsPer(503)} × 503), both processors`,
      figure: latency("busy"),
      limit: `${latency("idle")}: the same without the storm`,
      ratio: shown(ratio),
      goal: `≤ ${goal}`,
      met: ratio <= goal,
    },
  ];
};
