import type { RowId } from "./contestant.ts";

/** Why Latchkey is not first in a row, in two sentences. The page shows them only while it is not first. */
export const explanations: Readonly<Partial<Record<RowId, readonly [string, string]>>> = {
  refresh: [
    "A refresh of Latchkey replaces the token, keeps what shows a stolen one, and writes an audit event, and its commit is on the disk before the response.",
    "A product above it signs a new token and writes nothing, so it waits for no disk.",
  ],
  start: [
    "A bare Node server needs the time of the limit before it listens, and a compiled program needs no such time.",
    "The rest is the code of the package, the database, and the first check of a password.",
  ],
  memory: [
    "Half of the memory is that of Node itself, which a program of one line needs too.",
    "The rest is compiled code, the heap of V8, and the memory of one hash.",
  ],
  bytes: [
    "A login of Latchkey stores a session that can be found and ended by its user, its client and its time, and an audit event that outlives it.",
    "A product with fewer bytes keeps no audit event, and some of them keep no session at all.",
  ],
};
