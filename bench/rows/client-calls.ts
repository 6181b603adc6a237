import { startCopy } from "../bare-copy.ts";
import type { CallPlan } from "../callers.ts";
import { runTask } from "../children.ts";
import { median } from "../quantiles.ts";
import { meRequest, signIn } from "../requests.ts";
import { type Row, shown } from "../row.ts";
import { type Service, scratchFolder, startLatchkey } from "../service.ts";

const script = new URL("../callers.ts", import.meta.url);
const ways = ["@latchkey/client", "openapi-fetch", "fetch"] as const;
const callers = 16;

/** The responses per second that a program gets from a server with almost no work. */
export async function calls(client: string, quick: boolean): Promise<readonly Row[]> {
  const [rounds, seconds] = quick ? [1, 1] : [7, 3];
  using folder = scratchFolder();
  const { token, server } = await copyOfMe(folder.path);
  await using _server = server;
  const plan = { client, token, baseURL: `http://127.0.0.1:${server.port}`, callers, seconds };
  const results: Record<CallPlan["way"], number>[] = [];
  while (results.length < rounds) {
    const result = { "@latchkey/client": 0, "openapi-fetch": 0, fetch: 0 };
    for (const way of ways) {
      result[way] = await runTask<number>({ script, processor: 1 }, { ...plan, way }, seconds * 2 + 20);
    }
    results.push(result);
  }
  const rate = (way: CallPlan["way"]) => median(results.map((result) => result[way]));
  const ratio = (way: CallPlan["way"]) =>
    median(results.map((result) => result["@latchkey/client"] / result[way]));
  return [
    {
      what: `client: calls of me, ${callers} at a time, one processor`,
      figure: `${shown(rate("@latchkey/client"), 0)}/s`,
      limit: `${shown(rate("openapi-fetch"), 0)}/s: openapi-fetch; ${shown(rate("fetch"), 0)}/s: bare fetch`,
      ratio: `${shown(ratio("openapi-fetch"))} of openapi-fetch; ${shown(ratio("fetch"))} of bare fetch`,
    },
  ];
}

/** A bare server with the real server's response to `me`, and the token of the request. */
async function copyOfMe(folder: string): Promise<{ readonly server: Service; readonly token: string }> {
  await using latchkey = await startLatchkey({ folder, processor: 0 });
  const [tokens] = await signIn(latchkey.port, 1);
  const token = tokens?.access_token ?? "";
  return { token, server: await startCopy(folder, latchkey, meRequest(token)) };
}
