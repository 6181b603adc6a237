import { type Load, type LoadResult, makeLoad } from "../make-load.ts";
import { median } from "../quantiles.ts";
import { meRequest, post, signIn } from "../requests.ts";
import { type Measure, shown } from "../row.ts";
import { scratchFolder, startLatchkey } from "../service.ts";

const goal = 3;
const perSecond = 500;

/** Repeated dates compute for 0.1 s and more. They are refused, so none of them is hashed. */
const dear = "19921231".repeat(4);

/** The latency of `me` while the strength of new passwords is measured without a pause. */
export const passwords: Measure = async ({ quick }) => {
  const [rounds, seconds] = quick ? [2, 2] : [5, 5];
  using folder = scratchFolder();
  await using server = await startLatchkey({ folder: folder.path, processor: "any" });
  const signedIn = await signIn(server.port, 16);
  const calls: Load = {
    connections: 64,
    seconds,
    traffic: { kind: "paced", requests: signedIn.map((tokens) => meRequest(tokens.access_token)), perSecond },
    processor: "any",
    expected: [200],
  };
  const person = { username: "carol", email: "carol@example.com", password: dear };
  const requests = signedIn.map((tokens) =>
    post("/admin/v1/users", person, [`Authorization: Bearer ${tokens.access_token}`]),
  );
  const changes: Omit<Load, "seconds"> = {
    connections: 1,
    traffic: { kind: "repeat", requests },
    processor: "any",
    expected: [422],
  };

  await makeLoad(server, { ...calls, seconds: 1 });
  // The first one starts the thread.
  await makeLoad(server, {
    ...changes,
    seconds: 1,
    traffic: { kind: "once", requests: requests.slice(0, 1) },
  });
  const results: { idle: LoadResult; busy: LoadResult; measured: LoadResult }[] = [];
  while (results.length < rounds) {
    const idle = await makeLoad(server, calls);
    const [measured, busy] = await Promise.all([
      makeLoad(server, { ...changes, seconds: seconds + 2 }),
      new Promise((begin) => setTimeout(begin, 1000)).then(() => makeLoad(server, calls)),
    ]);
    results.push({ idle, busy, measured });
  }
  const of = (when: "idle" | "busy", name: "p50" | "p99") => median(results.map((each) => each[when][name]));
  const ratio = median(results.map(({ idle, busy }) => busy.p99 / idle.p99));
  const latency = (when: "idle" | "busy") =>
    `p99 ${shown(of(when, "p99"))} ms, p50 ${shown(of(when, "p50"))} ms`;
  const rate = median(results.map(({ measured }) => measured.rate));
  return [
    {
      what: `me at ${perSecond}/s while ${shown(rate, 1)} dear passwords per second are measured, both processors`,
      figure: latency("busy"),
      limit: `${latency("idle")}: the same without them`,
      ratio: shown(ratio),
      goal: `≤ ${goal}`,
      met: ratio <= goal,
    },
  ];
};
