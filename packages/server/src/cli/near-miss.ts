/** Keystrokes by which a typed word may differ from the word that was meant. */
const mostEdits = 2;

/** The word that was probably meant by a misspelt one. Undefined if none is close. */
export function nearMiss(typed: string, words: Iterable<string>): string | undefined {
  let best: { readonly word: string; readonly edits: number } | undefined;
  for (const word of words) {
    // A short word is close to every other short word.
    const most = Math.min(mostEdits, Math.floor(Math.max(typed.length, word.length) / 3));
    if (Math.abs(typed.length - word.length) > most) continue;
    const edits = editsBetween(typed, word);
    if (edits <= most && edits < (best?.edits ?? Number.POSITIVE_INFINITY)) best = { word, edits };
  }
  return best?.word;
}

/** A question about the word that was probably meant. Empty without such a word. */
export function hintOf(near: string | undefined): string {
  return near === undefined ? "" : `did you mean ${near}? `;
}

/** Optimal string alignment distance: insertions, deletions, replacements, and swaps of neighbours. */
function editsBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const at = (line: readonly number[], index: number) => line[index] ?? Number.POSITIVE_INFINITY;
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          at(last, column) + 1,
          at(current, column - 1) + 1,
          at(last, column - 1) + (same ? 0 : 1),
          swapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] ?? 0;
}
