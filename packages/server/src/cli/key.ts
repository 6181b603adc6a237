import { eventOf, operator } from "../core/audit-events.ts";
import type { StoredKey } from "../core/tokens/key-store.ts";
import { algorithmOf } from "../core/tokens/signing-key-pair.ts";
import { keySetLifetime } from "../core/tokens/signing-keys.ts";
import { print, table } from "../terminal.ts";
import type { Given } from "./command.ts";
import { withDatabase } from "./database-access.ts";
import { CommandProblem } from "./failures.ts";

/** `latchkey key list`. */
export async function listKeys({ config }: Given<never>): Promise<void> {
  await withDatabase(config, async ({ openKeys }) => {
    const { stored } = await openKeys();
    print(...table(["KID", "STATE", "ALGORITHM", "CREATED", "SIGNED FROM", "KEPT UNTIL"], stored.map(rowOf)));
  });
}

/** `latchkey key rotate`. */
export async function rotateKeys({ config, has }: Given<"force">): Promise<void> {
  await withDatabase(config, async ({ openKeys }) => {
    const keys = await openKeys();
    const event = eventOf("key.rotated", Date.now(), operator, { reason: "operator" });
    const rotation = await keys.rotate(config.accessTokenTtl, event, has("force"));
    if (rotation.outcome === "too early") throw new CommandProblem(tooEarly(rotation.from));
    print(
      rotation.outcome === "rotated"
        ? `${keys.signer.kid} signs from now on`
        : "another process rotated the keys first; nothing was changed",
    );
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
