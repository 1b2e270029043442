/**
 * Tells when a file that an app is made from may have changed. Watches folders, not files: editors replace a file when they save.
 * And those above them: a branch that is checked out removes a folder and makes another in its place, which only the one above tells.
 * That something is told is no proof that anything differs; the build cache knows that.
 */
import { type FSWatcher, watch } from 'node:fs';
import { dirname, extname, join, sep } from 'node:path';

/** A save is several events (truncate, write, rename): wait until they are over. */
const SETTLE_MS = 25;
/** Files that may come to matter though nothing was made from them yet. */
const SOURCES = new Set([
  '.c',
  '.cc',
  '.cpp',
  '.cxx',
  '.h',
  '.hh',
  '.hpp',
  '.inc',
  '.inl',
  '.yaml',
  '.yml',
  '.json',
  '.wasm',
  '.a',
  '.txt',
]);

export interface WatcherEvents {
  /** Something may have changed; `since` is when the first sign of it came (performance.now()). */
  changed(since: number): void;
  /** A folder cannot be watched; the others are. */
  failed(folder: string, error: Error): void;
}

export class SourceWatcher implements Disposable {
  readonly #events: WatcherEvents;
  readonly #folders = new Map<string, FSWatcher>();
  #files: ReadonlySet<string> = new Set();
  /** Where these files are, and what is like a source matters. */
  #near: ReadonlySet<string> = new Set();
  /** These and those above them, the upper first: whether they are there or not. */
  #all: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #since = 0;

  constructor(events: WatcherEvents) {
    this.#events = events;
  }

  /** From now on these files, and what is like a source beside them or in one of `folders`. */
  watch(files: Iterable<string>, folders: Iterable<string>): void {
    this.#files = new Set(files);
    const roots = [...folders];
    this.#near = new Set([...roots, ...[...this.#files].map((file) => dirname(file))]);
    this.#all = new Set([...this.#near].flatMap((folder) => [...above(folder, roots), folder]));
    for (const folder of this.#folders.keys()) if (!this.#all.has(folder)) this.#forget(folder);
    for (const folder of this.#all) if (!this.#folders.has(folder)) this.#add(folder);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const folder of this.#folders.keys()) this.#forget(folder);
  }

  #add(folder: string): void {
    try {
      const watcher = watch(folder, (event, file) => this.#noticed(folder, event, file));
      watcher.on('error', (error) => this.#lost(folder, error));
      this.#folders.set(folder, watcher);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException; // node:fs throws nothing else
      // What is not there is told by the folder above when it comes.
      if (this.#near.has(folder) && code !== 'ENOENT' && code !== 'ENOTDIR') this.#events.failed(folder, error as Error);
    }
  }

  #lost(folder: string, error: Error): void {
    this.#forget(folder);
    this.#events.failed(folder, error);
  }

  #forget(folder: string): void {
    this.#folders.get(folder)?.close();
    this.#folders.delete(folder);
  }

  #noticed(folder: string, event: string, file: string | null): void {
    const path = file === null ? folder : join(folder, file);
    const isFolder = file !== null && event === 'rename' && this.#all.has(path);
    if (isFolder) this.#renew(path);
    else if (!this.#near.has(folder) || (file !== null && !this.#matters(path))) return;
    if (this.#timer === undefined) this.#since = performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#events.changed(this.#since);
    }, SETTLE_MS);
  }

  /** Another folder than the one that was watched has the name now, or none. */
  #renew(folder: string): void {
    const within = [...this.#all].filter((each) => each === folder || each.startsWith(folder + sep));
    for (const each of within) this.#forget(each);
    for (const each of within) this.#add(each);
  }

  #matters(path: string): boolean {
    return this.#files.has(path) || SOURCES.has(extname(path));
  }
}

/** The upper first: the one above the folder, and of what is inside of `roots` all up to the one above the root. */
function above(folder: string, roots: readonly string[]): string[] {
  const up = dirname(folder);
  if (up === folder) return [];
  const inside = roots.some((root) => up === root || up.startsWith(root + sep));
  return [...(inside ? above(up, roots) : []), up];
}
