import { stripVTControlCharacters } from 'node:util';

/** Columns for people: as wide as their widest cell, numbers to the right. The first row is the head. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const texts = rows.map((row) => row.map((cell) => printable(String(cell))));
  const columns = Math.max(0, ...texts.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) => Math.max(0, ...texts.map((row) => (row[at] ?? '').length)));
  const numeric = widths.map((_, at) => rows.length > 1 && rows.slice(1).every((row) => typeof row[at] === 'number'));
  const pad = (cell: string, at: number): string => (numeric[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0));
  return texts.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** Names come from manifests and from other machines: none may move the cursor. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  return stripVTControlCharacters(text).replace(/[\u0000-\u001F\u007F-\u009F]/g, '\uFFFD');
}
