import { parseArgs } from "node:util";
import { machine } from "./processors.ts";
import { type Measure, type Row, tableOf } from "./row.ts";
import { against } from "./rows/against.ts";
import { client } from "./rows/client.ts";
import { endurance } from "./rows/endurance.ts";
import { guard } from "./rows/guard.ts";
import { imports } from "./rows/imports.ts";
import { keycloak } from "./rows/keycloak.ts";
import { login } from "./rows/login.ts";
import { me } from "./rows/me.ts";
import { memory } from "./rows/memory.ts";
import { pageStorm } from "./rows/page-storm.ts";
import { passwords } from "./rows/passwords.ts";
import { people } from "./rows/people.ts";
import { queries } from "./rows/queries.ts";
import { refresh } from "./rows/refresh.ts";
import { registrations } from "./rows/registrations.ts";
import { size } from "./rows/size.ts";
import { start } from "./rows/start.ts";
import { stormed } from "./rows/storm.ts";
import { token } from "./rows/token.ts";

/**
 * `npm run bench [-- [--quick] [--against CHECKOUT] [ROW …]]` measures the named rows, or all, and prints one table.
 * The row `against` needs another checkout with built packages. The row `endurance` takes an hour.
 */
const measures: Readonly<Record<string, Measure>> = {
  login,
  me,
  refresh,
  storm: stormed,
  "page-storm": pageStorm,
  passwords,
  token,
  registrations,
  start,
  memory,
  client,
  guard,
  keycloak,
  size,
  queries,
  people,
  import: imports,
  against,
  endurance,
};

/** The row of an hour is measured if it is named. */
const onDemand = ["endurance"];

const { values, positionals } = parseArgs({
  options: { quick: { type: "boolean", default: false }, against: { type: "string" } },
  allowPositionals: true,
});
const names =
  positionals.length > 0 ? positionals : Object.keys(measures).filter((name) => !onDemand.includes(name));
const header = machine();
const rows: Row[] = [];
for (const name of names) {
  const measure = Object.hasOwn(measures, name) ? measures[name] : undefined;
  if (measure === undefined) {
    process.stderr.write(`unknown row ${name}; the rows are ${Object.keys(measures).join(", ")}\n`);
    process.exit(2);
  }
  process.stderr.write(`measuring ${name} …\n`);
  try {
    rows.push(...(await measure(values)));
  } catch (error) {
    // A failed row is shown as failed, without a figure.
    process.exitCode = 1;
    process.stderr.write(`${name}: ${error instanceof Error ? error.stack : error}\n`);
    rows.push({ what: name, figure: "**FAILED**", limit: "–", ratio: "–", goal: "–", met: false });
  }
}
process.stdout.write(`${header}\n\n${tableOf(rows)}\n`);
