/** The valid word that somebody most likely meant. */

/** The nearest of `words`, when it is near enough to be a slip of the fingers. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  // A mistyped letter in three; short words need one that is right.
  let best = Math.max(1, Math.floor(word.length / 3)) + 1;
  let found: string | undefined;
  for (const candidate of words) {
    if (Math.abs(candidate.length - word.length) >= best) continue;
    const apart = distance(word.toLowerCase(), candidate.toLowerCase());
    if (apart < best && apart < candidate.length) {
      best = apart;
      found = candidate;
    }
  }
  return found;
}

export function didYouMean(word: string, words: Iterable<string>): string {
  const found = nearest(word, words);
  return found === undefined ? '' : `; did you mean ${quote(found)}?`;
}

/** A word of somebody else's, safe to print: short, and with nothing that moves a cursor or turns the direction of writing. */
export function quote(word: string): string {
  const short = word.length > 80 ? `${word.slice(0, 77)}…` : word;
  return JSON.stringify(short).replace(/\p{C}/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Letters to insert, leave out, replace, or swap with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
