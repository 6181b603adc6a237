import { atFirstUse } from "../core/first-use.ts";
import type { ClientDocuments, ClientKeySets } from "../core/oauth/client-document.ts";
import type { FetchOutcome } from "./document-cache.ts";
import type { ClientDocumentParts } from "./open-client-documents.ts";

const noFetches: Readonly<Record<FetchOutcome, number>> = { ok: 0, stale: 0, failed: 0, refused: 0 };

/**
 * Client documents, loaded at their first use. The code costs time and memory that a server without such clients saves.
 * No other file may import `open-client-documents.ts` at start.
 */
export function lazyClientDocuments(parts: ClientDocumentParts) {
  let outcomes = noFetches;
  const open = atFirstUse(async () => {
    const { openClientDocuments } = await import("./open-client-documents.ts");
    const opened = openClientDocuments(parts);
    // The record that later fetches count in.
    ({ outcomes } = opened.documents);
    return opened;
  });
  const documents: ClientDocuments = {
    byId: async (id, caller) => (await open()).documents.byId(id, caller),
  };
  const keySets: ClientKeySets = {
    at: async (address, caller, known) => (await open()).keySets.at(address, caller, known),
  };
  return { documents, keySets, outcomes: () => outcomes };
}
