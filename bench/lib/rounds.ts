/** A B A B: each round measures every subject once, in turn, so that a disturbance of the machine meets all of them. */
import type { Bench } from './row.ts';

export async function inTurn<S extends { readonly name: string }, R>(
  bench: Bench,
  subjects: readonly S[],
  measure: (subject: S) => Promise<R>,
): Promise<Map<S, R[]>> {
  const results = new Map<S, R[]>(subjects.map((subject) => [subject, []]));
  for (let round = 1; round <= bench.rounds; round++) {
    for (const subject of subjects) {
      bench.progress(`${subject.name}, round ${round} of ${bench.rounds}`);
      results.get(subject)?.push(await measure(subject));
    }
  }
  return results;
}
