import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Revocation, Revocations } from "../core/tokens/revocations.ts";

/** Revocations per write of a stream, and per page of JSON. */
export const pageSize = 1_000;

/** A guard that reads nothing during this many heartbeats is disconnected. It can resume from its cursor. */
const maxUnreadHeartbeats = 6;

/** The revocation list as server-sent events, for one guard. */
export class RevocationStream {
  readonly #response: ServerResponse;
  readonly #revocations: Revocations;
  #cursor: number;
  #sending = false;
  #more = false;
  #unread = 0;

  /** @param cursor number of the last revocation that the guard has seen */
  constructor(response: ServerResponse, revocations: Revocations, cursor: number) {
    this.#response = response;
    this.#revocations = revocations;
    this.#cursor = cursor;
  }

  /** Sends new revocations as fast as the guard reads them, and then the cursor. */
  async send(): Promise<void> {
    this.#more = true;
    if (this.#sending) return;
    this.#sending = true;
    while (this.#more && !this.#isOver()) {
      this.#more = false;
      await this.#sendAll();
    }
    this.#sending = false;
  }

  /** Sends the cursor again: it proves to the guard that nothing was missed. */
  heartbeat(): void {
    if (this.#sending && ++this.#unread >= maxUnreadHeartbeats) this.#response.destroy();
    void this.send();
  }

  async #sendAll(): Promise<void> {
    for (;;) {
      const page = this.#revocations.after(this.#cursor, pageSize);
      const last = page.at(-1);
      if (last === undefined) break;
      await this.#write(page.map(eventOf).join(""));
      this.#cursor = last.number;
    }
    this.#cursor = this.#revocations.cursor;
    await this.#write(
      `id: ${this.#cursor}\nevent: cursor\ndata: ${JSON.stringify({ cursor: this.#cursor })}\n\n`,
    );
  }

  async #write(text: string): Promise<void> {
    if (this.#isOver() || this.#response.write(text)) return;
    const left = new AbortController();
    const { signal } = left;
    // A close ends the wait too. Nothing is written after it.
    await Promise.race([
      once(this.#response, "drain", { signal }),
      once(this.#response, "close", { signal }),
    ]);
    left.abort();
    this.#unread = 0;
  }

  /** Whether the guard has left or the server has ended the stream. A further write would fail. */
  #isOver(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }
}

function eventOf(revocation: Revocation): string {
  return `id: ${revocation.number}\nevent: session.ended\ndata: ${JSON.stringify(revocation)}\n\n`;
}

/**
 * Whether a client prefers server-sent events to JSON (RFC 9110 §12.5.1). A tie goes to JSON. A generated client
 * accepts every type of the document, and would wait forever for the end of a stream.
 *
 * @param accept the `Accept` header
 */
export function eventStreamPreferred(accept = ""): boolean {
  // Of two equal ranges the first counts.
  const qualities = new Map(accept.split(",").map(rangeOf).reverse());
  /** The quality of the most specific range that matches. */
  const qualityOf = (group: string, type: string): number =>
    qualities.get(`${group}/${type}`) ?? qualities.get(`${group}/*`) ?? qualities.get("*/*") ?? 0;
  return qualityOf("text", "event-stream") > qualityOf("application", "json");
}

function rangeOf(text: string): [range: string, quality: number] {
  const [range = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith("q="));
  const quality = weight === undefined ? 1 : Number(weight.slice(2));
  return [range, quality >= 0 && quality <= 1 ? quality : 0];
}
