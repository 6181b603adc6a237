import { setTimeout as delay } from "node:timers/promises";
import { residentBytes } from "../process-figures.ts";
import { signIn } from "../requests.ts";
import { type Measure, shown } from "../row.ts";
import { type Service, scratchFolder, startLatchkey, startService } from "../service.ts";

const goal = 120;

/** The memory of an idle server after a login. */
export const memory: Measure = async ({ quick }) => {
  using folder = scratchFolder();
  const options = { folder: folder.path, processor: "any" } as const;
  // The first start also creates the administrator. The second start is the normal one.
  await (await startLatchkey(options))[Symbol.asyncDispose]();
  await using server = await startLatchkey(options);
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
