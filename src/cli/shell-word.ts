/** A path or name as somebody can paste it into a shell, in commands that are printed. */

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** One that begins with "-" would be read as an option. */
export function shellPath(path: string): string {
  return shellWord(path.startsWith('-') ? `./${path}` : path);
}
