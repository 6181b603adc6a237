/** What somebody wrote down. */
export interface Note {
  readonly id: string;
  /** The user's id: `user:alice`. */
  readonly owner: string;
  readonly text: string;
}

/** Everybody's notes, until the process ends. */
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

  /** @returns how many there were */
  removeAll(): number {
    const count = this.#byId.size;
    this.#byId.clear();
    return count;
  }
}
