import { randomUUID } from "node:crypto";
import { eventOf, operator } from "../../src/core/audit-events.ts";
import type { SessionClient } from "../../src/core/stories/sessions.ts";
import type { DatabasePlace } from "../../src/store/place.ts";
import { openStore } from "../../src/store/store.ts";

const hour = 3_600_000;

/**
 * Opens a session of a client in the database of a server, with its event.
 *
 * @returns the id of the session
 */
export async function openClientSession(
  place: DatabasePlace,
  { userId, client, at }: { readonly userId: string; readonly client: SessionClient; readonly at: number },
): Promise<string> {
  const store = await openStore({ place, owner: "command", onAudit: () => {} });
  try {
    const id = randomUUID();
    const user = await store.users.byId(userId);
    const session = {
      id,
      userId,
      client,
      generation: 0,
      refreshHash: `hash of ${id}`,
      rotatedAt: at,
      createdAt: at,
      lastUsedAt: at,
      expiresAt: at + hour,
      endsAt: at + hour,
      tokensUntil: at + hour,
      addressBucket: "192.0.2.7",
      endedAt: null,
    };
    const about = { subject: userId, sessionId: id, client: client.id, resource: client.resource };
    const event = eventOf("authorization.redeemed", at, operator, about);
    if (!(await store.sessions.open(session, user?.revision ?? 0, event))) throw new Error("no such user");
    return id;
  } finally {
    await store.close();
  }
}
