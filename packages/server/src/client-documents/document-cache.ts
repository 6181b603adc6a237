import type { Caller } from "../core/audit-events.ts";
import type { Clock } from "../core/clock.ts";
import { LatchkeyError } from "../core/errors.ts";
import type { Client } from "../core/oauth/client.ts";
import {
  type ClientDocumentCopies,
  type ClientDocumentCopy,
  type ClientDocuments,
  isDocumentId,
  RefusedDocument,
  readClientDocument,
} from "../core/oauth/client-document.ts";
import { unknownClient } from "../core/oauth/clients.ts";
import { builtInDocuments } from "./built-in-documents.ts";
import { FetchGate, type FetchLimits } from "./fetch-gate.ts";
import { type FetchedJson, FetchFailed, FetchRefused } from "./json-answer.ts";
import { isFresh, RecentValues } from "./recent-values.ts";
import type { FetchJson } from "./safe-fetch.ts";

/** A failure and a refusal are remembered for so long, in milliseconds. So is the use of an old copy. */
const retryAfter = 60_000;
/** A copy that cannot be renewed is used for so long after its fetch, in milliseconds. */
const staleFor = 7 * 86_400_000;

/** How fetches of documents ended: `stale` counts those that an old or a built-in copy replaced. */
export type FetchOutcome = "ok" | "stale" | "failed" | "refused";

/** The parts of the cache. */
export interface DocumentCacheParts {
  readonly fetch: FetchJson;
  readonly limits: FetchLimits;
  readonly copies: ClientDocumentCopies;
  /** Allowed hosts of documents. Undefined for all. */
  readonly hosts: readonly string[] | undefined;
  readonly clock: Clock;
}

/** A client, or the refusal that is remembered instead. */
type Found = Client | LatchkeyError;

/**
 * Clients by their documents. A fresh document comes from the memory of the process, from the table that
 * the replicas share, or from its host. If the host cannot be read, a copy of at most seven days counts, else a built-in
 * one. A host that answers with something else than the document ends its use at once.
 */
export class DocumentCache implements ClientDocuments {
  readonly #parts: DocumentCacheParts;
  readonly #gate: FetchGate<Found>;
  readonly #recent: RecentValues<Found>;
  readonly #outcomes: Record<FetchOutcome, number> = { ok: 0, stale: 0, failed: 0, refused: 0 };

  constructor(parts: DocumentCacheParts) {
    this.#parts = parts;
    this.#gate = new FetchGate(parts.limits);
    this.#recent = new RecentValues(parts.clock);
  }

  /** Fetches since the start, by their outcome. */
  get outcomes(): Readonly<Record<FetchOutcome, number>> {
    return this.#outcomes;
  }

  /** Outcomes that the memory holds. */
  get remembered(): number {
    return this.#recent.size;
  }

  async byId(id: string, caller: Caller): Promise<Client> {
    const { hosts, clock, copies } = this.#parts;
    if (!isDocumentId(id)) throw unknownClient("malformed id");
    if (hosts !== undefined && !hosts.includes(new URL(id).hostname)) throw unknownClient("host not allowed");
    const recent = this.#recent.get(id);
    if (recent !== undefined && isFresh(recent, clock())) return outcomeOf(recent.value);
    const copy = await copies.byId(id);
    const fresh = copy && isFresh({ ...copy, readAt: copy.fetchedAt }, clock()) ? readCopy(copy) : undefined;
    if (copy !== undefined && fresh !== undefined) {
      this.#recent.set(id, fresh, copy.freshUntil - clock());
      return fresh;
    }
    return outcomeOf(await this.#fromHost(id, copy, caller));
  }

  async #fromHost(id: string, copy: ClientDocumentCopy | undefined, caller: Caller): Promise<Found> {
    try {
      return await this.#gate.run(id, caller, () => this.#renew(id, copy));
    } catch (error) {
      if (!(error instanceof LatchkeyError)) throw error;
      // Not begun: `rate_limited` or `overloaded`. Another caller may be within the limit, so it is not remembered.
      return this.#oldCopy(id, copy) ?? error;
    }
  }

  /** Fetches a document. A failure, a refusal and the copy used instead are remembered for a minute. */
  async #renew(id: string, copy: ClientDocumentCopy | undefined): Promise<Found> {
    const { fetch, copies } = this.#parts;
    try {
      const fetched = await fetch(id);
      const client = readClientDocument(id, fetched.json);
      await this.#keep(id, fetched);
      return this.#remember(id, client, "ok", fetched.freshFor);
    } catch (error) {
      if (error instanceof FetchRefused || error instanceof RefusedDocument) {
        if (copy !== undefined) await copies.remove(id).catch(() => {});
        return this.#remember(id, unknownClient(error.message), "refused");
      }
      if (!(error instanceof FetchFailed)) throw error;
      const old = this.#oldCopy(id, copy);
      if (old !== undefined) return this.#remember(id, old, "stale");
      const refusal = new LatchkeyError("client_document_unavailable", { reason: error.message });
      return this.#remember(id, refusal, "failed");
    }
  }

  /** Shares a document with later processes. A database that refuses costs the caller nothing: the document is here. */
  async #keep(id: string, { text, freshFor }: FetchedJson): Promise<void> {
    const fetchedAt = this.#parts.clock();
    const copy = { id, document: text, fetchedAt, freshUntil: fetchedAt + freshFor };
    await this.#parts.copies.put(copy).catch(() => {});
  }

  #oldCopy(id: string, copy: ClientDocumentCopy | undefined): Client | undefined {
    const isYoung = copy !== undefined && this.#parts.clock() - copy.fetchedAt < staleFor;
    const builtIn = builtInDocuments.get(id);
    return (isYoung ? readCopy(copy) : undefined) ?? (builtIn && readClientDocument(id, builtIn));
  }

  #remember(id: string, found: Found, outcome: FetchOutcome, freshFor: number = retryAfter): Found {
    this.#outcomes[outcome]++;
    this.#recent.set(id, found, freshFor);
    return found;
  }
}

/** @throws the refusal */
function outcomeOf(found: Found): Client {
  if (found instanceof LatchkeyError) throw found;
  return found;
}

/** The client of a copy. A newer version may refuse what an older one accepted. */
function readCopy({ id, document }: ClientDocumentCopy): Client | undefined {
  try {
    return readClientDocument(id, JSON.parse(document));
  } catch {
    return undefined;
  }
}
