import { DocumentHost } from "@latchkey/testkit/oauth/document-host";
import { openClientDocuments } from "../../src/client-documents/open-client-documents.ts";
import type { ClientDocumentCopies } from "../../src/core/oauth/client-document.ts";
import { MemoryAttemptCounter } from "../../src/core/throttle/memory-attempt-counter.ts";
import { openStore, type Store } from "../../src/store/store.ts";

export const id = "https://app.example/oauth/client.json";

export const document = (change: Readonly<Record<string, unknown>> = {}) => ({
  client_id: id,
  client_name: "Notes",
  redirect_uris: ["https://app.example/cb"],
  token_endpoint_auth_method: "none",
  ...change,
});

/** Client documents on a real https host and a real database, with clocks that the test moves. */
export class DocumentsWorld implements AsyncDisposable {
  readonly host: DocumentHost;
  readonly store: Store;
  /** Both clocks, in milliseconds. */
  now = 1_700_000_000_000;

  private constructor(host: DocumentHost, store: Store) {
    this.host = host;
    this.store = store;
  }

  static async open(): Promise<DocumentsWorld> {
    const host = await DocumentHost.start();
    return new DocumentsWorld(host, await openStore({ place: { engine: "memory" }, onAudit: () => {} }));
  }

  /** A replica: its memory is its own, the database is shared. */
  replica(change: { hosts?: readonly string[]; copies?: ClientDocumentCopies; timeout?: number } = {}) {
    return openClientDocuments({
      copies: this.store.clientDocuments,
      hosts: undefined,
      clock: () => this.now,
      counter: new MemoryAttemptCounter(() => this.now),
      network: this.host.network,
      ...change,
    });
  }

  /** Lets every request fail with a status. */
  fail(path: string, status: number): void {
    this.host.answers.set(path, (_request, response) => response.writeHead(status).end());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
    await this.store.close();
  }
}
