/** One note of a user. */
export interface Note {
  readonly id: string;
  /** The user's name. */
  readonly owner: string;
  readonly text: string;
}

/** The notes of all users, in memory. */
export class Notes {
  readonly #byId = new Map<string, Note>();

  /** Finds notes of a user. @param word is compared without case; an empty one finds all notes */
  search(owner: string, word: string): Note[] {
    return [...this.#byId.values()].filter(
      (note) => note.owner === owner && note.text.toLowerCase().includes(word.toLowerCase()),
    );
  }

  add(owner: string, text: string): Note {
    const note = { id: crypto.randomUUID(), owner, text };
    this.#byId.set(note.id, note);
    return note;
  }

  /** @returns the number of removed notes */
  purge(): number {
    const count = this.#byId.size;
    this.#byId.clear();
    return count;
  }
}
