/** One note of a user. */
export interface Note {
  readonly id: string;
  /** The user's id, such as `user:alice`. */
  readonly owner: string;
  readonly text: string;
}

/** The notes of all users, in memory. */
export class Notes {
  readonly #byId = new Map<string, Note>();

  of(owner: string): Note[] {
    return [...this.#byId.values()].filter((note) => note.owner === owner);
  }

  get(id: string): Note | undefined {
    return this.#byId.get(id);
  }

  add(owner: string, text: string): Note {
    const note = { id: crypto.randomUUID(), owner, text };
    this.#byId.set(note.id, note);
    return note;
  }

  remove(id: string): boolean {
    return this.#byId.delete(id);
  }

  /** @returns the number of removed notes */
  removeAll(): number {
    const count = this.#byId.size;
    this.#byId.clear();
    return count;
  }
}
