import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { mainThreadMilliseconds, residentBytes } from "../process-figures.ts";
import { median, middleHalf } from "../quantiles.ts";
import { signIn } from "../requests.ts";
import { type Measure, type Row, shown } from "../row.ts";
import { scratchFolder, startLatchkey } from "../service.ts";
import { ratesAgainst } from "./against-rates.ts";

const goals = { megabytes: 3, milliseconds: 20 };
const root = new URL("../../", import.meta.url).pathname;

/** The command of a checkout, as TypeScript and as the published package. */
const forms = {
  checkout: "packages/server/bin/latchkey.js",
  package: "packages/server/dist/bin/latchkey.js",
} as const;

interface Started {
  /** From the start of the process to its line `listening at`, in milliseconds. */
  readonly start: number;
  /** The processor time of the main thread until then, in milliseconds. */
  readonly work: number;
  readonly megabytes: number;
}

/** This checkout and another one, in turns: start, idle memory, and the rates of login, refresh and me. */
export const against: Measure = async ({ quick, against: other }) => {
  if (other === undefined) {
    const what = "compared with another checkout: skipped without `--against CHECKOUT`";
    return [{ what, figure: "–", limit: "–", ratio: "–" }];
  }
  const rows: Row[] = [];
  for (const form of ["checkout", "package"] as const)
    rows.push(...(await starts(form, resolve(other), quick)));
  return [...rows, ...(await ratesAgainst(commandOf(root, "checkout"), commandOf(other, "checkout"), quick))];
};

const commandOf = (checkout: string, form: keyof typeof forms) =>
  pathToFileURL(resolve(checkout, forms[form]));

async function starts(form: keyof typeof forms, other: string, quick: boolean): Promise<Row[]> {
  using folder = scratchFolder();
  const results: { ours: Started; theirs: Started }[] = [];
  // The first round creates the databases and fills the compile caches.
  for (let round = 0; round <= (quick ? 2 : 20); round++) {
    const mine = { folder: folder.path, script: commandOf(root, form), database: "ours.db" };
    const theirs = { folder: folder.path, script: commandOf(other, form), database: "theirs.db" };
    // The order alternates, because the second start finds warmer caches of the machine.
    const pair = round % 2 === 0 ? [mine, theirs] : [theirs, mine];
    const [first, second] = await startPair(pair, quick);
    if (round > 0 && first !== undefined && second !== undefined) {
      results.push(round % 2 === 0 ? { ours: first, theirs: second } : { ours: second, theirs: first });
    }
  }
  const row = (what: string, name: keyof Started, unit: string, goal?: number): Row => {
    const of = (side: "ours" | "theirs") => results.map((result) => result[side][name]);
    const more = results.map(({ ours, theirs }) => ours[name] - theirs[name]);
    const figure = (values: readonly number[]) =>
      `${shown(median(values), 1)} ${unit} (middle half ${middleHalf(values)
        .map((each) => shown(each, 1))
        .join(" to ")})`;
    return {
      what: `${what}, ${form}`,
      figure: figure(of("ours")),
      limit: `${figure(of("theirs"))}: the other checkout`,
      ratio: `${shown(median(of("ours")) - median(of("theirs")), 1)} more; in pairs ${figure(more)}`,
      ...(goal !== undefined && { goal: `≤ ${goal} ${unit} more`, met: median(more) <= goal }),
    };
  };
  return [
    row("start", "start", "ms", goals.milliseconds),
    row("processor time of the main thread at start", "work", "ms"),
    row("memory of the idle server after a login", "megabytes", "MB", goals.megabytes),
  ];
}

/** Starts two servers, one after the other. Both are idle in the same seconds after their login. */
async function startPair(
  pair: readonly Omit<Parameters<typeof startLatchkey>[0], "processor">[],
  quick: boolean,
): Promise<Started[]> {
  await using stack = new AsyncDisposableStack();
  const started: { start: number; work: number; pid: number }[] = [];
  for (const options of pair) {
    const since = performance.now();
    const server = stack.use(await startLatchkey({ ...options, processor: 0 }));
    started.push({
      start: performance.now() - since,
      work: mainThreadMilliseconds(server.pid),
      pid: server.pid,
    });
    await signIn(server.port, 1);
  }
  await delay(quick ? 1_000 : 3_000);
  return started.map(({ pid, ...figures }) => ({ ...figures, megabytes: residentBytes(pid) / 1e6 }));
}
