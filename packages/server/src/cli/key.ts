import type { Config } from "../config/config.ts";
import { eventOf, operator } from "../core/audit-events.ts";
import { type ListedKey, listedKey } from "../core/stories/key-administration.ts";
import { keySetLifetime } from "../core/tokens/signing-keys.ts";
import { rfc3339 } from "../core/wire-fields.ts";
import { keyAnswer } from "../http/admin/admin-answers.ts";
import { print } from "../terminal.ts";
import type { Given } from "./command.ts";
import { confirm } from "./confirmation.ts";
import { withDatabase } from "./database-access.ts";
import { CommandProblem } from "./failures.ts";
import { type Listing, printList } from "./listing.ts";

/** `latchkey key list`. */
export async function listKeys(given: Given<"json">): Promise<void> {
  await withDatabase(given.config, async ({ store }) => {
    // The list needs no private key, so it works without the secret too.
    printList(given, listing, (await store.keys.all()).map(listedKey));
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

/** `latchkey key reset`: for a lost secret, and after a theft of database and secret. */
export async function resetKeys({ config, has }: Given<"yes">): Promise<void> {
  await withDatabase(config, async ({ store, resetKeys: reset }) => {
    if (!has("yes")) await confirm(consequenceOf(config));
    const at = Date.now();
    const kid = await reset(eventOf("key.reset", at, operator));
    // Guards follow the list of ended sessions. A running server would complete it too.
    await store.finishEndings(at);
    print(`${kid} signs from now on; all earlier keys are void`);
    print("A server that runs with another secret answers 503 until it is restarted with this one.");
  });
}

function consequenceOf({ provider }: Config): string {
  const replaced = "all signing keys are replaced by new ones";
  return provider === "local"
    ? `${replaced}, and every session of every user ends`
    : `${replaced}; people in Keycloak stay signed in`;
}

function tooEarly(from: number): string {
  return (
    `the next key may sign from ${rfc3339(from)} on, because caches may hold a key set without it: ` +
    "wait, or add --force; verifiers behind a cache then refuse valid tokens for " +
    `up to ${keySetLifetime / 60_000} minutes`
  );
}

const listing: Listing<ListedKey> = {
  heading: ["KID", "STATE", "ALGORITHM", "CREATED", "SIGNED FROM", "KEPT UNTIL"],
  cells: (key) => [
    key.kid,
    key.state,
    key.algorithm,
    rfc3339(key.createdAt),
    key.activatedAt === null ? "" : rfc3339(key.activatedAt),
    key.keepUntil === null ? "" : rfc3339(key.keepUntil),
  ],
  fields: keyAnswer,
};
