type Placed = readonly [seen: string, real: string];

/**
 * clang's virtual file system: files that the compiler sees under a path of the user's while their content is elsewhere. So
 * diagnostics, `__FILE__` and dependencies name the user's paths.
 */
export function overlayOf(files: Iterable<Placed>, folders: Iterable<Placed> = []): string {
  const as =
    (type: string) =>
    ([name, content]: Placed) => ({ type, name, 'external-contents': content });
  const roots = [...Array.from(files, as('file')), ...Array.from(folders, as('directory-remap'))];
  return JSON.stringify({ version: 0, 'case-sensitive': true, 'use-external-names': false, 'overlay-relative': false, roots });
}
