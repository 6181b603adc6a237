/**
 * Whether a guard is closed, and whoever is to be told when it is. No `AbortSignal`: on Cloudflare's workers one
 * can be made only while a request is answered, and is of no use to the next.
 */
export interface CloseSignal {
  readonly isClosed: boolean;
  /** Calls back once, when the guard is closed. @returns what forgets it */
  onClose(listener: () => void): () => void;
}

/** Closes a guard, once and for all. */
export class CloseController implements CloseSignal {
  readonly #listeners = new Set<() => void>();
  #isClosed = false;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  onClose(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}
