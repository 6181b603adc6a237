/** A value in a list. It stays valid until it is removed. */
export interface ListEntry<Value> {
  readonly value: Value;
  previous: ListEntry<Value> | undefined;
  next: ListEntry<Value> | undefined;
}

/**
 * A doubly linked list. Both ends are found in constant time. The first key of a `Map` is not, after deletions.
 */
export class LinkedList<Value> {
  #first: ListEntry<Value> | undefined;
  #last: ListEntry<Value> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Value | undefined {
    return this.#first?.value;
  }

  get last(): Value | undefined {
    return this.#last?.value;
  }

  /** Adds a value at the end. */
  push(value: Value): ListEntry<Value> {
    const entry: ListEntry<Value> = { value, previous: this.#last, next: undefined };
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.#size++;
    return entry;
  }

  /** Removes an entry of this list. */
  remove(entry: ListEntry<Value>): void {
    const { previous, next } = entry;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    this.#size--;
  }

  *[Symbol.iterator](): Generator<Value> {
    for (let entry = this.#first; entry !== undefined; entry = entry.next) yield entry.value;
  }
}
