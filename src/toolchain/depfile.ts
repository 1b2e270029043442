/** Reads the dependencies that clang writes with `-MD`: a rule of make, with its escapes. The target has no colon: it is ours. */
export function parseDepfile(text: string): string[] {
  const joined = text.replaceAll(/\\\r?\n/g, ' ');
  const rule = joined.slice(joined.indexOf(':') + 1).split('\n', 1)[0] ?? '';
  return [...rule.matchAll(/(?:\\.|\$\$|[^\s])+/g)].map(([word]) => word.replaceAll(/\\([ #])/g, '$1').replaceAll('$$', '$'));
}
