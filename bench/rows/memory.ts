import { setTimeout as delay } from "node:timers/promises";
import { type Load, makeLoad } from "../make-load.ts";
import { residentBytes } from "../process-figures.ts";
import { administrator, loginRequest, post, refreshing, signIn } from "../requests.ts";
import { type Measure, type Row, shown } from "../row.ts";
import { builtCommand, type Service, scratchFolder, startLatchkey, startService } from "../service.ts";

/** In MB. */
const goals = { idle: 95, used: 120 };

/** The memory of the built package: idle after a login, and after many logins, refreshes and calls of tools. */
export const memory: Measure = async ({ quick }) => {
  using folder = scratchFolder();
  const options = { folder: folder.path, processor: "any", script: builtCommand } as const;
  // The first start also creates the administrator. The second start is the normal one.
  await (await startLatchkey(options))[Symbol.asyncDispose]();
  await using bare = await startService(folder.path, {
    script: new URL("../bare-http.ts", import.meta.url),
    processor: "any",
  });
  const limit = megabytes(bare);
  const row = (what: string, used: number, goal?: number): Row => ({
    what: `memory of the package, ${what}`,
    figure: `${shown(used, 0)} MB`,
    limit: `${shown(limit, 0)} MB: bare node:http`,
    ratio: shown(used / limit, 1),
    ...(goal !== undefined && { goal: `< ${goal} MB`, met: used < goal }),
  });
  let idle: number;
  {
    await using server = await startLatchkey(options);
    await signIn(server.port, 1);
    await delay(quick ? 2_000 : 10_000);
    idle = megabytes(server);
  }
  // Cheap hashes: their number is the subject, and a real one would take a quarter of an hour.
  const cheap = {
    LATCHKEY_HASH_MEMORY: "64",
    LATCHKEY_HASH_ITERATIONS: "1",
    LATCHKEY_ALLOW_INSECURE: "hash,secret",
  };
  await using server = await startLatchkey({ ...options, settings: cheap });
  const count = quick ? 2_000 : 100_000;
  const peak = await useMuch(server, count);
  await delay(quick ? 2_000 : 10_000);
  const each = `${shown(count, 0)} logins, refreshes and calls of tools each`;
  return [
    row("idle after a login, second start", idle, goals.idle),
    row(`idle after ${each}`, megabytes(server), goals.used),
    row(`peak during ${each}`, peak),
  ];
};

const megabytes = ({ pid }: Service) => residentBytes(pid) / 1e6;

/** Makes each kind of request in turn. @returns the most memory that the server had between them, in MB */
async function useMuch(server: Service, count: number): Promise<number> {
  const connections = 32;
  const load: Omit<Load, "traffic"> = { connections, seconds: 600, expected: [200] };
  const { username, password } = administrator;
  const logins = Array.from({ length: count }, () => loginRequest(username, password));
  await makeLoad(server, { ...load, traffic: { kind: "once", requests: logins } });
  const signedIn = await signIn(server.port, connections);
  const call = post(
    "/mcp",
    { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "who_am_i", arguments: {} } },
    [`Authorization: Bearer ${signedIn[0]?.access_token}`, "Accept: application/json, text/event-stream"],
  );
  let peak = megabytes(server);
  const rounds = 10;
  let tokens: readonly string[] = signedIn.map((each) => each.refresh_token);
  for (let round = 0; round < rounds; round++) {
    for (let done = 0; done < count / rounds; ) {
      const traffic = { kind: "repeat", requests: [call], contains: '"structuredContent"' } as const;
      const called = await makeLoad(server, { ...load, seconds: 1, traffic });
      done += called.rate * called.seconds;
    }
    peak = Math.max(peak, megabytes(server));
    for (let done = 0; done < count / rounds; ) {
      const traffic = { kind: "refresh", tokens, request: refreshing } as const;
      const refreshed = await makeLoad(server, { ...load, seconds: 1, traffic });
      tokens = refreshed.tokens;
      done += refreshed.rate * refreshed.seconds;
    }
    peak = Math.max(peak, megabytes(server));
  }
  return peak;
}
