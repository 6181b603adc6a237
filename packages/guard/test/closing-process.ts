import { setImmediate } from "node:timers/promises";
import { createGuard } from "../src/index.ts";

/** Makes a guard, uses it until a given event, closes it, and prints whether a timer keeps the process alive. */
const [issuer = "", token, use, when = ""] = process.argv.slice(2);
const asked = Promise.withResolvers<void>();
const guard = createGuard({
  issuer,
  whenStale: "accept",
  now: () => 1_700_000_000_000,
  fetch: (to, request) => {
    if (String(to).endsWith(when)) asked.resolve();
    return fetch(to, request);
  },
});
const work = use === "ready" ? guard.ready() : use === "verify" ? guard.verify(token) : undefined;
const over = work?.then(
  () => "well",
  () => "refused",
);
await (when === "over" || use === "nothing" ? over : asked.promise);
guard.close();
await setImmediate();
const timers = process.getActiveResourcesInfo().filter((resource) => resource === "Timeout");
process.stdout.write(`${timers.length} timers, ${await over}\n`);
