/** What the rewriter is, for cache keys: its own source and binaryen's version. A new one never meets modules of an old one. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyOf } from './hash.ts';

const FOLDER = join(import.meta.dirname, 'rewrite');

export async function rewriterIdentity(): Promise<string> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.ts')).sort();
  const sources = await Promise.all(names.map((name) => readFile(join(FOLDER, name))));
  return keyOf('rewriter', names, ...sources);
}
