import type { RowId } from "./contestant.ts";

/** Why Latchkey is not first in a row, in two sentences. The page shows them only while it is not first. */
export const explanations: Readonly<Partial<Record<RowId, readonly [string, string]>>> = {};
