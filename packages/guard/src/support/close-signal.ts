/**
 * A signal that a guard is closed. It replaces `AbortSignal`, which Cloudflare's workers can make only during a
 * request and cannot share with the next.
 */
export class CloseSignal {
  readonly #listeners = new Set<() => void>();
  #isClosed = false;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Adds a listener, called once when the guard is closed. @returns a function that removes it */
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
