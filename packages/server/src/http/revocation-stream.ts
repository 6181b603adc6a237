import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Revocation, Revocations } from "../core/revocations.ts";

/** Revocations that are written at once, and that one page of the plain form holds. */
export const pageSize = 1_000;

/** Who has not read for so many heartbeats is cut off; a guard comes back to where it was. */
const heartbeatsToWait = 6;

/** One guard that follows the ended sessions as server-sent events. */
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

  /** Sends what is new, no faster than it is read, and then how far the list goes. */
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

  /** Says again how far the list goes, so that the guard knows that silence means nothing is new. */
  heartbeat(): void {
    if (this.#sending && ++this.#unread >= heartbeatsToWait) this.#response.destroy();
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
    // Either is as good as the other: after a close nothing is written any more.
    await Promise.race([
      once(this.#response, "drain", { signal }),
      once(this.#response, "close", { signal }),
    ]);
    left.abort();
    this.#unread = 0;
  }

  /** Whether the reader has gone, or the server has ended the stream: writing on would be an error. */
  #isOver(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }
}

function eventOf(revocation: Revocation): string {
  return `id: ${revocation.number}\nevent: session.ended\ndata: ${JSON.stringify(revocation)}\n\n`;
}
