/** What somebody wrote down. */
export interface Note {
  readonly id: string;
  /** The user's name. */
  readonly owner: string;
  readonly text: string;
}

/** Everybody's notes, until the process ends. */
export class Notes {
  readonly #byId = new Map<string, Note>();

  /** @param word in the text, in any case; empty for all notes */
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

  /** @returns how many there were */
  purge(): number {
    const count = this.#byId.size;
    this.#byId.clear();
    return count;
  }
}
