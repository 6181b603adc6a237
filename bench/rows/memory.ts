import { setTimeout as delay } from "node:timers/promises";
import { residentBytes } from "../process-figures.ts";
import { signIn } from "../requests.ts";
import { type Measure, shown } from "../row.ts";
import { type Service, scratchFolder, startLatchkey, startService } from "../service.ts";

const goal = 120;

/** Memory of a server that has signed somebody in and then had nothing to do. */
export const memory: Measure = async ({ quick }) => {
  using folder = scratchFolder();
  const place = { folder: folder.path, processor: "any" } as const;
  // The first start makes the administrator and compiles; what stays for months is the second.
  await (await startLatchkey(place))[Symbol.asyncDispose]();
  await using server = await startLatchkey(place);
  await using bare = await startService(folder.path, {
    script: new URL("../bare-http.ts", import.meta.url),
    processor: "any",
  });
  await signIn(server.port, 1);
  await delay(quick ? 2_000 : 10_000);
  const megabytes = ({ pid }: Service) => residentBytes(pid) / 1e6;
  const [ours, limit] = [megabytes(server), megabytes(bare)];
  return [
    {
      what: "memory of the idle server after a login, second start",
      figure: `${shown(ours, 0)} MB`,
      limit: `${shown(limit, 0)} MB: bare node:http`,
      ratio: shown(ours / limit, 1),
      goal: `< ${goal} MB`,
      met: ours < goal,
    },
  ];
};
