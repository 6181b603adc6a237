import { type LoadResult, makeLoad } from "../make-load.ts";
import { redeemed, redemptions, registerClient } from "../oauth-client.ts";
import { median, middleHalf } from "../quantiles.ts";
import { formRefreshing, refreshing, signIn } from "../requests.ts";
import { type Measure, type Row, shown } from "../row.ts";
import { scratchFolder, startLatchkey } from "../service.ts";
import { cheapest } from "../sized.ts";

const connections = 16;
const ways = ["redeem", "client", "login"] as const;

/** The token endpoint for a client: redemptions and refreshes, compared with the refresh of a login, in turns. */
export const token: Measure = async ({ quick }) => {
  const [rounds, seconds, codes] = quick ? [2, 1, 100] : [9, 2, 500];
  using folder = scratchFolder();
  // The redemptions of a round end older sessions, so each round has its own.
  const settings = { ...cheapest, LATCHKEY_SESSIONS_PER_USER: "100" };
  await using server = await startLatchkey({ folder: folder.path, processor: 0, settings });
  const client = await registerClient(server);
  const load = { connections, seconds, expected: [200] };
  const results: Record<(typeof ways)[number], LoadResult>[] = [];
  for (let round = 0; round <= rounds; round++) {
    const requests = await redemptions(server, client, codes);
    const redeem = await makeLoad(server, { ...load, traffic: { kind: "once", requests } });
    const granted = await redeemed(server, await redemptions(server, client, connections));
    const own = {
      kind: "refresh",
      tokens: granted,
      request: formRefreshing("/oauth/token", { client_id: client.id }),
    } as const;
    const byClient = await makeLoad(server, { ...load, traffic: own });
    const tokens = (await signIn(server.port, connections)).map((each) => each.refresh_token);
    const byLogin = await makeLoad(server, {
      ...load,
      traffic: { kind: "refresh", tokens, request: refreshing },
    });
    // The first round warms up.
    if (round > 0) results.push({ redeem, client: byClient, login: byLogin });
  }
  const of = (way: (typeof ways)[number], name: "rate" | "cost") =>
    median(results.map((each) => each[way][name]));
  const figure = (way: (typeof ways)[number]) =>
    `${shown(of(way, "rate"), 0)}/s, ${shown(of(way, "cost"), 0)} µs of processor time each`;
  const row = (what: string, way: "redeem" | "client"): Row => {
    const costs = results.map((each) => each[way].cost / each.login.cost);
    const rates = results.map((each) => each[way].rate / each.login.rate);
    const halves = (values: readonly number[]) =>
      middleHalf(values)
        .map((each) => shown(each))
        .join(" to ");
    return {
      what,
      figure: figure(way),
      limit: `${figure("login")}: refresh of a login`,
      ratio: `${shown(median(costs))} of the processor time (middle half ${halves(costs)}), ${shown(median(rates))} of the rate (${halves(rates)})`,
    };
  };
  return [
    row("refresh by a client, one processor, 16 connections", "client"),
    row("redemption of a code, one processor, 16 connections", "redeem"),
  ];
};
