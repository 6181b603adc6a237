import { parseArgs } from "node:util";
import { scratchFolder } from "../service.ts";
import { compare } from "./compare.ts";
import { contestants } from "./contestants.ts";
import { writePage } from "./page.ts";

/**
 * `npm run bench:peers [-- [--quick] [PRODUCT …]]` fetches pinned releases of other products and measures them beside
 * this one. The whole comparison writes `docs/performance.md` with its figures and pictures. A quick one, or one of
 * some products, prints the page.
 */
const { values, positionals } = parseArgs({
  options: { quick: { type: "boolean", default: false } },
  allowPositionals: true,
});
const known = contestants.map(({ id }) => id);
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`unknown product ${unknown.join(", ")}; the products are ${known.join(", ")}\n`);
  process.exit(2);
}
const chosen = contestants.filter(({ id }) => positionals.length === 0 || positionals.includes(id));
using folder = scratchFolder();
const results = await compare(chosen, folder.path, values.quick);
writePage(results, { publish: !values.quick && positionals.length === 0 });
