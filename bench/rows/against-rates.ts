import { type Load, type LoadResult, makeLoad } from "../make-load.ts";
import { median, middleHalf } from "../quantiles.ts";
import { administrator, loginRequest, meRequest, refreshing, signIn } from "../requests.ts";
import { type Row, shown } from "../row.ts";
import { type Service, scratchFolder, startLatchkey } from "../service.ts";
import { cheapest } from "../sized.ts";

const connections = 16;
const names = ["login", "refresh", "me"] as const;
/** The least share of the other checkout's requests for the same processor time. Less is more than noise. */
const goal = 0.95;

type Costs = Record<(typeof names)[number], number>;

/** The processor time of one request of this checkout and of another one, in alternating rounds. */
export async function ratesAgainst(ours: URL, theirs: URL, quick: boolean): Promise<Row[]> {
  const [rounds, seconds] = quick ? [2, 1] : [11, 2];
  using folder = scratchFolder();
  // A login looks through the sessions of its account.
  const settings = { ...cheapest, LATCHKEY_SESSIONS_PER_USER: "100" };
  const start = (script: URL, database: string) =>
    startLatchkey({ folder: folder.path, script, database, processor: 0, settings });
  await using mine = await start(ours, "ours.db");
  await using other = await start(theirs, "theirs.db");
  const measures = [costsOf(mine, seconds), costsOf(other, seconds)] as const;
  const results: { ours: Costs; theirs: Costs }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const [first, second] = round % 2 === 0 ? measures : ([measures[1], measures[0]] as const);
    const [one, two] = [await first(), await second()];
    if (round > 0) results.push(round % 2 === 0 ? { ours: one, theirs: two } : { ours: two, theirs: one });
  }
  return names.map((name): Row => {
    const ratios = results.map((result) => result.theirs[name] / result.ours[name]);
    const cost = (side: "ours" | "theirs") =>
      `${shown(median(results.map((each) => each[side][name])), 1)} µs`;
    return {
      what: `${name === "login" ? "login without its hash" : name}, processor time of one request`,
      figure: cost("ours"),
      limit: `${cost("theirs")}: the other checkout`,
      ratio: `${shown(median(ratios))} of the requests (middle half ${middleHalf(ratios)
        .map((each) => shown(each))
        .join(" to ")})`,
      goal: `≥ ${goal}`,
      met: median(ratios) >= goal,
    };
  });
}

/** One round for a server. Processor time is compared, because the rates depend on the other load of the machine. */
function costsOf(server: Service, seconds: number): () => Promise<Costs> {
  const load = (traffic: Load["traffic"]): Promise<LoadResult> =>
    makeLoad(server, { connections, seconds, expected: [200], traffic });
  const login = loginRequest(administrator.username, administrator.password);
  return async () => {
    // The logins of a round end older sessions past the limit of an account, so each round has its own.
    const signedIn = await signIn(server.port, connections);
    const tokens = signedIn.map((each) => each.refresh_token);
    const me = await load({
      kind: "repeat",
      requests: signedIn.map((each) => meRequest(each.access_token)),
    });
    const refresh = await load({ kind: "refresh", tokens, request: refreshing });
    const logins = await load({ kind: "repeat", requests: [login] });
    return { login: logins.cost, refresh: refresh.cost, me: me.cost };
  };
}
