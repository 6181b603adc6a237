/**
 * Lets work that has finished go on in groups while much of it comes. Each hash leaves the processor's
 * caches full of its own memory; what runs next finds nothing there. Going on eight at a time pays for that
 * once instead of eight times, and the writes of the group share one flush to disk.
 */
export class ReleaseGroup {
  readonly #size: number;
  readonly #patienceMs: number;
  #held: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor({ size, patienceMs }: { readonly size: number; readonly patienceMs: number }) {
    this.#size = size;
    this.#patienceMs = patienceMs;
  }

  /**
   * Resolves together with others: when the group is full, when too few are coming to fill it, or when the
   * first of it has been held for long enough.
   *
   * @param coming how many will finish after this one
   */
  join(coming: number): Promise<void> {
    return new Promise((resolve) => {
      this.#held.push(resolve);
      if (this.#held.length >= this.#size || this.#held.length + coming < this.#size) this.#release();
      else this.#timer ??= setTimeout(() => this.#release(), this.#patienceMs);
    });
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const goOn of this.#held.splice(0)) goOn();
  }
}
