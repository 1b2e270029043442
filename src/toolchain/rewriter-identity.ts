/** What the rewriter is, for cache keys: its own source, and that of how it is linked for it. A new one never meets modules of an old one. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyOf } from './hash.ts';

const FOLDER = join(import.meta.dirname, 'rewrite');
const LINKING = join(import.meta.dirname, 'compact-link.ts');

export async function rewriterIdentity(): Promise<string> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.ts')).sort();
  const sources = await Promise.all([...names.map((name) => join(FOLDER, name)), LINKING].map((path) => readFile(path)));
  return keyOf('rewriter', names, ...sources);
}
