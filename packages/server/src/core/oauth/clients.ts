import { LatchkeyError } from "../errors.ts";
import { type Clients, longestClientId } from "./client.ts";
import { type ClientDocuments, isDocumentId } from "./client-document.ts";
import type { RegisteredClients } from "./registered-clients.ts";
import { SealedClients } from "./sealed-clients.ts";

/** The descriptions of clients. */
export interface ClientSources {
  readonly registered: Pick<RegisteredClients, "byId" | "isBlocked">;
  /** Undefined if clients may not register: their ids are then unknown, also those from before. */
  readonly sealed: Pick<SealedClients, "open"> | undefined;
  /** Undefined if ids may not be URLs of documents. */
  readonly documents: ClientDocuments | undefined;
}

/**
 * Finds clients: in the operator's table, in sealed ids, in client documents. A blocked client is unknown, whatever
 * describes it.
 */
export function createClients({ registered, sealed, documents }: ClientSources): Clients {
  return {
    async byId(id, caller) {
      if (id.length > longestClientId || !/^[\x21-\x7e]+$/.test(id)) throw unknownClient("malformed id");
      const opened = sealed?.open(id);
      // A forged id ends here, without the database.
      if (opened === undefined && SealedClients.looksLike(id)) throw unknownClient("forged id");
      const added = await registered.byId(id);
      if (added === undefined ? await registered.isBlocked(id) : added.blockedAt !== null) {
        throw unknownClient("blocked");
      }
      const described = added ?? opened;
      if (described !== undefined) return described;
      if (documents !== undefined && isDocumentId(id)) return documents.byId(id, caller);
      throw unknownClient("no such client");
    },
  };
}

/** @param reason for the log */
export function unknownClient(reason: string): LatchkeyError {
  return new LatchkeyError("unknown_client", { reason });
}
