import { eventOf, operator } from "../core/audit-events.ts";
import type { StoredKey } from "../core/ports.ts";
import { algorithmOf } from "../core/signing-key-pair.ts";
import { parseArguments } from "./arguments.ts";
import { UsageProblem } from "./failures.ts";
import { print, table } from "./print.ts";
import { withWorkbench } from "./workbench.ts";

/** `latchkey key list|rotate`. */
export async function keyCommand(args: readonly string[]): Promise<void> {
  const { config, words } = parseArguments(args, process.env);
  const [verb, ...more] = words;
  if ((verb !== "list" && verb !== "rotate") || more.length > 0) {
    throw new UsageProblem("usage: latchkey key list  or  latchkey key rotate");
  }
  await withWorkbench(config, async ({ openKeys }) => {
    const keys = await openKeys();
    if (verb === "rotate") {
      const event = eventOf("key.rotated", Date.now(), operator, { reason: "operator" });
      const rotated = await keys.rotate(config.accessTokenTtl, event);
      print(
        rotated ? `${keys.signer.kid} signs from now on` : "another rotation came first; nothing was changed",
      );
    } else {
      print(
        ...table(["KID", "STATE", "ALGORITHM", "MADE", "SIGNED FROM", "KEPT UNTIL"], keys.stored.map(rowOf)),
      );
    }
  });
}

function rowOf({ kid, publicJwk, createdAt, activatedAt, retiredAt, keepUntil }: StoredKey): string[] {
  const time = (at: number | null) => (at === null ? "" : new Date(at).toISOString());
  const state = activatedAt === null ? "next" : retiredAt === null ? "signs" : "retired";
  return [
    kid,
    state,
    algorithmOf(JSON.parse(publicJwk)),
    time(createdAt),
    time(activatedAt),
    time(keepUntil),
  ];
}
