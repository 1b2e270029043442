/** Files that a manifest names: are they there, and if not, which was meant. */
import { glob, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, relative, resolve } from 'node:path';
import { didYouMean, quote } from './nearest.ts';
import { reasonOf } from './read-text.ts';

export type Report = (text: string) => void;

const MAX_MATCHES = 1000;
/** What a pattern may look at: a pattern that begins at the root of a disk ends here. */
const MAX_VISITED = 50_000;

/** The absolute path of what is there and of that kind; else a report. */
export async function findPath(dir: string, path: string, kind: 'file' | 'folder', report: Report): Promise<string | undefined> {
  const absolute = resolve(dir, path);
  try {
    const found = await stat(absolute);
    if (kind === 'file' ? found.isFile() : found.isDirectory()) return absolute;
    report(`${quote(path)} is ${found.isDirectory() ? 'a folder' : found.isFile() ? 'a file' : 'neither file nor folder'}, not a ${kind}`);
  } catch (error) {
    report(`cannot use the ${kind} ${quote(path)}: ${reasonOf(error)}${await neighbour(absolute)}`);
  }
  return undefined;
}

/** Files by path or pattern, sorted within a pattern. A file that has the name of a pattern is meant itself. */
export async function findFiles(dir: string, path: string, extensions: readonly string[], report: Report): Promise<readonly string[]> {
  const found = (await isPattern(dir, path)) ? await match(dir, path, extensions, report) : [await findPath(dir, path, 'file', report)];
  return found.filter((file) => file !== undefined);
}

async function isPattern(dir: string, path: string): Promise<boolean> {
  if (!/[*?[{]/.test(path)) return false;
  return stat(resolve(dir, path)).then(
    () => false,
    () => true,
  );
}

async function match(dir: string, pattern: string, extensions: readonly string[], report: Report): Promise<string[]> {
  const found: string[] = [];
  let visited = 0;
  const exclude = (path: string): boolean => {
    visited += 1;
    const name = basename(path);
    return visited > MAX_VISITED || found.length > MAX_MATCHES || name === 'node_modules' || /^\.[^.]/.test(name);
  };
  try {
    for await (const path of glob(pattern, { cwd: dir, exclude })) {
      const absolute = resolve(dir, path);
      const isSource = extensions.includes(extname(path)) && (await stat(absolute)).isFile();
      if (isSource && found.length <= MAX_MATCHES) found.push(absolute);
    }
  } catch (error) {
    report(`cannot look for ${quote(pattern)}: ${reasonOf(error)}`);
    return [];
  }
  if (visited > MAX_VISITED) report(`${quote(pattern)} looks through more than ${MAX_VISITED} files and folders`);
  else if (found.length > MAX_MATCHES) report(`${quote(pattern)} matches more than ${MAX_MATCHES} files`);
  else if (found.length === 0) report(`nothing matches ${quote(pattern)} (looking for ${extensions.join(', ')})`);
  return found.toSorted();
}

/** A file beside it with nearly that name. */
async function neighbour(absolute: string): Promise<string> {
  const names = await readdir(dirname(absolute)).catch(() => []);
  return didYouMean(basename(absolute), names);
}

/** As it is told: from here, when it lies below. */
export function displayed(path: string): string {
  const here = relative(process.cwd(), path);
  return here === '' || here.startsWith('..') ? path : here;
}
