/** Files packed with a function: folders become the files in them, and nothing comes in from where nobody pointed. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { STATIC_ROOT } from './isolation.ts';
import { findPath } from './lookup.ts';
import { quote } from './nearest.ts';
import { reasonOf } from './read-text.ts';
import type { FunctionScope } from './scope.ts';

const MAX_FILES = 10_000;
const MAX_BYTES = 256 * 2 ** 20;
const MAX_DEPTH = 64;

export async function readPackedFiles(scope: FunctionScope): Promise<Record<string, string>> {
  const packing = new Packing(scope);
  for (const [guest, host] of Object.entries(scope.own.files ?? {})) await packing.add(guest, host);
  if (scope.own.static !== undefined) await packing.addServed(scope.own.static);
  packing.checkNesting();
  return packing.files();
}

/** What stops the packing of one entry; told where that entry stands. */
class Refused extends Error {}

class Packing {
  readonly #scope: FunctionScope;
  readonly #files = new Map<string, { readonly host: string; readonly entry: string }>();
  #bytes = 0;

  constructor(scope: FunctionScope) {
    this.#scope = scope;
  }

  files(): Record<string, string> {
    return Object.fromEntries([...this.#files].map(([guest, { host }]) => [guest, host] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  async add(guest: string, host: string): Promise<void> {
    if (guest === '/tmp' || guest.startsWith('/tmp/')) {
      this.#scope.atKey('files', guest)(`${quote(guest)} would be hidden: /tmp is the scratch folder of each request`);
      return;
    }
    const absolute = resolve(this.#scope.reading.dir, host);
    try {
      const found = await stat(absolute);
      if (found.isDirectory()) await this.#addFolder(guest, absolute, await realpath(absolute), guest, 0);
      else if (guest === '/') throw new Refused('is a file, and cannot be the folder "/"');
      else await this.#addFile(guest, absolute, guest);
    } catch (error) {
      this.#scope.at('files', guest)(`${quote(host)} ${error instanceof Refused ? error.message : `cannot be packed: ${reasonOf(error)}`}`);
    }
  }

  /** The folder of a static function. */
  async addServed(host: string): Promise<void> {
    const report = this.#scope.at('static');
    const folder = await findPath(this.#scope.reading.dir, host, 'folder', report);
    if (folder === undefined) return;
    try {
      await this.#addFolder(STATIC_ROOT, folder, await realpath(folder), STATIC_ROOT, 0);
      if (this.#files.size === 0) throw new Refused('has no file in it');
    } catch (error) {
      report(`${quote(host)} ${error instanceof Refused ? error.message : `cannot be packed: ${reasonOf(error)}`}`);
    }
  }

  /** No path may be a file and a folder. */
  checkNesting(): void {
    for (const [guest, { entry }] of this.#files) {
      for (let at = guest.lastIndexOf('/'); at > 0; at = guest.lastIndexOf('/', at - 1)) {
        const above = guest.slice(0, at);
        if (this.#files.has(above)) this.#scope.atKey('files', entry)(`${quote(guest)} lies below ${quote(above)}, which is a file`);
      }
    }
  }

  async #addFolder(guest: string, host: string, root: string, entry: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) throw new Refused(`has folders more than ${MAX_DEPTH} deep`);
    const entries = await readdir(host, { withFileTypes: true });
    for (const found of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const [inside, outside] = [`${guest === '/' ? '' : guest}/${found.name}`, join(host, found.name)];
      if (inside === '/tmp') throw new Refused('has "tmp" in it, which /tmp would hide: it is the scratch folder of each request');
      if (found.isSymbolicLink()) await checkLink(outside, root);
      if (found.isDirectory()) await this.#addFolder(inside, outside, root, entry, depth + 1);
      else await this.#addFile(inside, outside, entry);
    }
  }

  async #addFile(guest: string, host: string, entry: string): Promise<void> {
    const found = await stat(host);
    if (!found.isFile()) throw new Refused(`cannot be packed: ${quote(host)} is neither file nor folder`);
    const before = this.#files.get(guest);
    if (before) throw new Refused(`brings ${quote(guest)}, which ${quote(before.entry)} brings too`);
    this.#bytes += found.size;
    if (this.#files.size === MAX_FILES) throw new Refused(`makes it more than ${MAX_FILES} files`);
    if (this.#bytes > MAX_BYTES) throw new Refused(`makes it more than ${MAX_BYTES / 2 ** 20} MiB of files`);
    this.#files.set(guest, { host, entry });
  }
}

/** A link may stand for a file of the same folder. Another would bring in what nobody pointed at, or lead in a circle. */
async function checkLink(path: string, root: string): Promise<void> {
  const target = await realpath(path);
  const outside = relative(root, target);
  if (outside === '..' || outside.startsWith(`..${sep}`)) throw new Refused(`has a link that leads out of it: ${quote(path)}`);
  if ((await stat(target)).isDirectory()) throw new Refused(`has a link to a folder: ${quote(path)}`);
}
