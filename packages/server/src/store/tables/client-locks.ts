import { type Database, type Step, step } from "../database.ts";
import { statement } from "../statement.ts";

type OfClient = { clientId: string };

// A client that the operator did not add has no row to lock. Statements after the lock see all changes before it.
const key = "hashtextextended(:clientId, 7310868735423766889)";
const shared = statement<OfClient>(`select pg_advisory_xact_lock_shared(${key})`);
const exclusive = statement<OfClient>(`select pg_advisory_xact_lock(${key})`);

/**
 * Steps that keep a client as it is until the end of a change. They come first in a change, before any lock on a row,
 * so that no deadlock arises. A database with one writer needs none.
 */
export function lockOpenClient({ writers }: Database, clientId: string): Step[] {
  return writers === "many" ? [step(shared, { clientId })] : [];
}

/** The same for a change that ends the client's sessions: it waits for concurrent redemptions, and ends their sessions. */
export function lockEndingClient({ writers }: Database, clientId: string): Step[] {
  return writers === "many" ? [step(exclusive, { clientId })] : [];
}

/** Whether a client is neither blocked, nor has sessions that are still being ended. @param id an SQL expression */
export function isOfOpenClient(id: string): string {
  return `not exists (select 1 from clients where clients.id = ${id} and clients.blocked_at is not null)
    and not exists (select 1 from client_endings where client_endings.client_id = ${id})`;
}
