import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { makeLoad } from "../make-load.ts";
import { registerRequest } from "../oauth-client.ts";
import { residentBytes } from "../process-figures.ts";
import { signIn } from "../requests.ts";
import { type Measure, shown } from "../row.ts";
import { scratchFolder, startLatchkey } from "../service.ts";

const goal = 1.05;
const batch = 10_000;

/** Ten thousand registrations: rows, files and memory before and after. */
export const registrations: Measure = async ({ quick }) => {
  using folder = scratchFolder();
  const settings = { LATCHKEY_TRUSTED_PROXIES: "127.0.0.1" };
  await using server = await startLatchkey({ folder: folder.path, processor: 0, settings });
  await signIn(server.port, 1);
  const state = () => ({
    rows: rowsOf(`${folder.path}/latchkey.db`),
    bytes: bytesOf(`${folder.path}/latchkey.db`),
    megabytes: residentBytes(server.pid) / 1e6,
  });
  let networks = 0;
  const register = async (count: number) => {
    // Each network has a limit of its own, so every tenth of the load comes from another one.
    const requests = Array.from({ length: count }, (_, n) => {
      const network = networks + Math.floor((n * 10) / batch);
      return registerRequest([`X-Forwarded-For: 203.${network >> 8}.${network & 255}.7`]);
    });
    networks += 10;
    return makeLoad(server, {
      connections: 16,
      seconds: 0,
      traffic: { kind: "once", requests },
      expected: [201],
    });
  };
  // The first ones warm up the heap and the compiler.
  await register(batch);
  const before = state();
  const load = await register(batch);
  const after = state();
  for (let more = 0; more < (quick ? 0 : 3); more++) await register(batch);
  const last = state();
  const same = after.rows === before.rows && after.bytes === before.bytes;
  const ratio = after.megabytes / before.megabytes;
  return [
    {
      what: `${shown(batch, 0)} registrations, after as many to warm up`,
      figure: `${shown(after.megabytes, 1)} MB, ${after.rows} rows, ${shown(after.bytes, 0)} bytes of files (${shown(load.cost, 0)} µs of processor time each)`,
      limit: `${shown(before.megabytes, 1)} MB, ${before.rows} rows, ${shown(before.bytes, 0)} bytes of files: before`,
      ratio: `${shown(ratio)} of the memory; ${shown(last.megabytes, 1)} MB at the end of the run`,
      goal: `≤ ${goal}, rows and files the same`,
      met: ratio <= goal && same,
    },
  ];
};

/** The rows of all tables. The server notes the time of its last deletions by itself. */
function rowsOf(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database
      .prepare("select name from sqlite_schema where type = 'table' and name <> 'deletion_time'")
      .all();
    return tables
      .map(({ name }) => Number(database.prepare(`select count(*) as rows from "${name}"`).get()?.["rows"]))
      .reduce((sum, rows) => sum + rows, 0);
  } finally {
    database.close();
  }
}

/** The size of the database and of its log of writes. */
const bytesOf = (path: string): number =>
  [path, `${path}-wal`]
    .map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0)
    .reduce((a, b) => a + b);
