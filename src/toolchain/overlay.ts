/**
 * clang's virtual file system: files that the compiler sees under a path of the user's while their content is elsewhere. So
 * diagnostics, `__FILE__` and dependencies name the user's paths.
 */
export function overlayOf(files: Iterable<readonly [seen: string, real: string]>): string {
  const roots = Array.from(files, ([name, content]) => ({ type: 'file', name, 'external-contents': content }));
  return JSON.stringify({ version: 0, 'case-sensitive': true, 'use-external-names': false, 'overlay-relative': false, roots });
}
