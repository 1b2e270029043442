/** Merge groups: functions that there are, each in one group. */
import * as z from 'zod';
import { didYouMean, quote } from './nearest.ts';
import type { Reading } from './scope.ts';

const groups = z.array(z.array(z.string()));

/** The shape of `merge` has been checked. */
export function readMerge({ document, mistakes }: Reading): string[][] {
  const merge = groups.parse(document.valueAt(['merge']) ?? []);
  const described = document.valueAt(['functions']);
  if (typeof described !== 'object' || described === null) return merge;
  const functions = Object.keys(described);
  const seen = new Map<string, number>();
  for (const [group, names] of merge.entries()) {
    for (const [at, name] of names.entries()) {
      const report = (text: string): void => mistakes.add(document.place(['merge', group, at]), text);
      const before = seen.get(name);
      if (!functions.includes(name)) report(`merge: there is no function ${quote(name)}${didYouMean(name, functions)}`);
      else if (!isInContext(described, name))
        report(`merge: ${quote(name)} is a process or container, and only functions in contexts can be merged`);
      else if (before === group) report(`merge: ${quote(name)} is twice in this group`);
      else if (before !== undefined) report(`merge: ${quote(name)} is in another group already; a function can be in one`);
      seen.set(name, group);
    }
  }
  return merge;
}

/** As kindOf sees it, from what was written: the function may be wrong in other ways. */
function isInContext(functions: object, name: string): boolean {
  const described = z.looseObject({}).safeParse((functions as Record<string, unknown>)[name]).data ?? {};
  return (described['isolation'] ?? 'context') === 'context' && described['image'] === undefined && described['executable'] === undefined;
}
