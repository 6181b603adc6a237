import { eventOf, operator } from "../core/audit-events.ts";
import type { StoredKey } from "../core/tokens/key-store.ts";
import { algorithmOf } from "../core/tokens/signing-key-pair.ts";
import { keySetLifetime } from "../core/tokens/signing-keys.ts";
import { print, table } from "../terminal.ts";
import { parseArguments } from "./arguments.ts";
import { withDatabase } from "./database-access.ts";
import { UsageProblem } from "./failures.ts";

/** `latchkey key list` and `latchkey key rotate [--force]`. */
export async function keyCommand(args: readonly string[]): Promise<void> {
  const force = args.includes("--force");
  const { config, words } = parseArguments(args.filter((arg) => arg !== "--force"));
  const [verb, ...more] = words;
  if ((verb !== "list" && verb !== "rotate") || more.length > 0 || (verb === "list" && force)) {
    throw new UsageProblem("usage: latchkey key list  or  latchkey key rotate [--force]");
  }
  await withDatabase(config, async ({ openKeys }) => {
    const keys = await openKeys();
    if (verb === "rotate") {
      const event = eventOf("key.rotated", Date.now(), operator, { reason: "operator" });
      const rotation = await keys.rotate(config.accessTokenTtl, event, force);
      if (rotation.outcome === "too early") throw new UsageProblem(tooEarly(rotation.from));
      print(
        rotation.outcome === "rotated"
          ? `${keys.signer.kid} signs from now on`
          : "another process rotated the keys first; nothing was changed",
      );
    } else {
      print(
        ...table(
          ["KID", "STATE", "ALGORITHM", "CREATED", "SIGNED FROM", "KEPT UNTIL"],
          keys.stored.map(rowOf),
        ),
      );
    }
  });
}

function tooEarly(from: number): string {
  return (
    `the next key may sign from ${new Date(from).toISOString()} on, because caches may hold a key set without it: ` +
    "wait, or add --force; verifiers behind a cache then refuse valid tokens for " +
    `up to ${keySetLifetime / 60_000} minutes`
  );
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
