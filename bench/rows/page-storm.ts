import { type Load, makeLoad } from "../make-load.ts";
import { registerClient } from "../oauth-client.ts";
import { median, middleHalf } from "../quantiles.ts";
import { administrator, loginRequest, meRequest, signIn } from "../requests.ts";
import { type Measure, shown } from "../row.ts";
import { scratchFolder, startLatchkey } from "../service.ts";

/** A storm through the page may slow `me` down by as much as one through `/auth/login`, and this for noise. */
const goal = 1.2;
const perSecond = 500;
const { username, password } = administrator;
const attempts = [
  [username, password],
  [username, "wrong password"],
  ["nobody", password],
] as const;

/** The latency of `me` in a storm of sign-ins on the page, compared with a storm of logins, in turns. */
export const pageStorm: Measure = async ({ quick }) => {
  const [rounds, seconds] = quick ? [2, 2] : [9, 4];
  using folder = scratchFolder();
  // All logins of the storm are of one account. At its limit of sessions, the tokens of `me` would end.
  const settings = { LATCHKEY_SESSIONS_PER_USER: "1000000" };
  await using server = await startLatchkey({ folder: folder.path, processor: "any", settings });
  const requests = (await signIn(server.port, 16)).map((tokens) => meRequest(tokens.access_token));
  const client = await registerClient(server);
  const traffic = { kind: "paced", requests, perSecond } as const;
  const calls: Load = { connections: 64, seconds, traffic, processor: "any", expected: [200] };
  const during = async (logins: readonly string[], refusals: number) => {
    const storm: Load = {
      connections: 64,
      seconds: seconds + 2,
      traffic: { kind: "repeat", requests: logins, restAfter503: 100 },
      processor: "any",
      expected: [200, refusals, 503],
    };
    const [answers, busy] = await Promise.all([
      makeLoad(server, storm),
      new Promise((begin) => setTimeout(begin, 1000)).then(() => makeLoad(server, calls)),
    ]);
    for (const status of [200, refusals]) {
      if ((answers.statuses[status] ?? 0) === 0) throw new Error(`the storm got no ${status}`);
    }
    return { busy, answers };
  };
  const throughLogin = () =>
    during(
      attempts.map(([name, secret]) => loginRequest(name, secret)),
      401,
    );
  const throughPage = () =>
    during(
      attempts.map(([name, secret]) => client.signInRequest(name, secret)),
      422,
    );

  await makeLoad(server, { ...calls, seconds: 1 });
  const results: { page: Awaited<ReturnType<typeof during>>; login: Awaited<ReturnType<typeof during>> }[] =
    [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) results.push({ page: await throughPage(), login: await throughLogin() });
    else results.push({ login: await throughLogin(), page: await throughPage() });
  }
  const of = (storm: "page" | "login", name: "p50" | "p99") =>
    shown(median(results.map((each) => each[storm].busy[name])));
  const rate = (storm: "page" | "login") => shown(median(results.map((each) => each[storm].answers.rate)), 0);
  const latency = (storm: "page" | "login") =>
    `p99 ${of(storm, "p99")} ms, p50 ${of(storm, "p50")} ms (${rate(storm)} answers/s)`;
  const ratios = results.map(({ page, login }) => page.busy.p99 / login.busy.p99);
  return [
    {
      what: `me at ${perSecond}/s in a storm of 64 sign-ins at once on the page, both processors`,
      figure: latency("page"),
      limit: `${latency("login")}: a storm of logins`,
      ratio: `${shown(median(ratios))} (middle half ${middleHalf(ratios)
        .map((each) => shown(each))
        .join(" to ")})`,
      goal: `≤ ${goal}`,
      met: median(ratios) <= goal,
    },
  ];
};
