import { createClients } from "../../../src/core/oauth/clients.ts";
import type { RegisteredClient } from "../../../src/core/oauth/registered-clients.ts";
import { SealedClients } from "../../../src/core/oauth/sealed-clients.ts";
import { deriveKeys } from "../../../src/core/tokens/derived-keys.ts";
import { DocumentsWorld } from "../../client-documents/documents-world.ts";

const at = 1_700_000_000_000;
export const event = (name: "client.added" | "client.blocked" | "client.unblocked" | "client.removed") => ({
  name,
  at,
  address: "cli",
});

export const registered = (change: Partial<RegisteredClient> = {}): RegisteredClient => ({
  id: "notes",
  name: "Notes",
  redirectUris: ["https://notes.example/cb"],
  credentials: [{ kind: "none" }],
  grantTypes: ["authorization_code", "refresh_token"],
  voucher: { by: "operator" },
  roles: [],
  scope: "",
  sessionId: null,
  createdAt: at,
  blockedAt: null,
  ...change,
});

/** Clients of every kind: in a real database, under a real seal, on a real https host. */
export class ClientsWorld implements AsyncDisposable {
  readonly documents: DocumentsWorld;
  readonly sealed = new SealedClients(deriveKeys("a secret that is long enough for this"));

  private constructor(documents: DocumentsWorld) {
    this.documents = documents;
  }

  static async open(): Promise<ClientsWorld> {
    return new ClientsWorld(await DocumentsWorld.open());
  }

  get store() {
    return this.documents.store;
  }

  clients(off: { registration?: true; documents?: true } = {}) {
    return createClients({
      registered: this.store.clients,
      sealed: off.registration ? undefined : this.sealed,
      documents: off.documents ? undefined : this.documents.replica().documents,
    });
  }

  /** The id of a client that registered itself. */
  sealedId(...redirectUris: string[]): string {
    const made = this.sealed.seal({ method: "none", name: "Program", redirectUris });
    if (made === undefined) throw new Error("too long");
    return made.id;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.documents[Symbol.asyncDispose]();
  }
}
