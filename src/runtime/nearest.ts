/** Nearest of some words to one that was mistyped. */

/** Edits that still pass for a slip of the fingers: one in short words, two in longer ones. */
const mostEdits = (word: string) => (word.length < 5 ? 1 : 2);

/** The word with the fewest edits, whatever the case; undefined where none is near. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const [best] = words
    .map((one) => ({ one, edits: edits(word.toLowerCase(), one.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  return best && best.edits <= mostEdits(word) ? best.one : undefined;
}

/** How many letters to put in, take out, change, or swap with the next, to make one word the other. */
function edits(from: string, to: string): number {
  const rows: number[][] = [];
  for (let i = 0; i <= from.length; i++) {
    const row: number[] = [];
    for (let j = 0; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row[j] =
        i === 0 || j === 0
          ? i + j
          : Math.min(
              rows[i - 1]![j]! + 1,
              row[j - 1]! + 1,
              rows[i - 1]![j - 1]! + (same ? 0 : 1),
              swapped ? rows[i - 2]![j - 2]! + 1 : Number.POSITIVE_INFINITY,
            );
    }
    rows.push(row);
  }
  return rows[from.length]![to.length]!;
}
