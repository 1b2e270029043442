/** A path as somebody can paste it into a shell, in commands that are told. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One that begins with "-" would be read as an option. */
export function shellPath(path: string): string {
  const shown = path.startsWith('-') ? `./${path}` : path;
  return PLAIN.test(shown) ? shown : `'${shown.replaceAll("'", `'\\''`)}'`;
}
