/** Listeners of one kind of event. */
export class Listeners<Event> {
  readonly #listeners = new Set<(event: Event) => void>();

  /** @returns stops calling back */
  add(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Calls back later, so that a listener that throws stops no other. */
  tell(event: Event): void {
    for (const listener of this.#listeners) void Promise.resolve(event).then(listener);
  }
}
