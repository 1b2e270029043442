/**
 * Tells when a file that an app is made from may have changed. Watches folders, not files: editors replace a file when they save.
 * That something is told is no proof that anything differs; the build cache knows that.
 */
import { type FSWatcher, watch } from 'node:fs';
import { dirname, extname, join } from 'node:path';

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
  #timer: NodeJS.Timeout | undefined;
  #since = 0;

  constructor(events: WatcherEvents) {
    this.#events = events;
  }

  /** From now on these files, and what is like a source beside them or in one of `folders`. */
  watch(files: Iterable<string>, folders: Iterable<string>): void {
    this.#files = new Set(files);
    const wanted = new Set([...folders, ...[...this.#files].map((file) => dirname(file))]);
    for (const folder of this.#folders.keys()) if (!wanted.has(folder)) this.#forget(folder);
    for (const folder of wanted) if (!this.#folders.has(folder)) this.#add(folder);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const folder of this.#folders.keys()) this.#forget(folder);
  }

  #add(folder: string): void {
    try {
      const watcher = watch(folder, (_, file) => this.#noticed(folder, file));
      watcher.on('error', (error) => this.#lost(folder, error));
      this.#folders.set(folder, watcher);
    } catch (error) {
      this.#events.failed(folder, error as Error); // node:fs throws nothing else
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

  #noticed(folder: string, file: string | null): void {
    if (file !== null && !this.#matters(join(folder, file))) return;
    if (this.#timer === undefined) this.#since = performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#events.changed(this.#since);
    }, SETTLE_MS);
  }

  #matters(path: string): boolean {
    return this.#files.has(path) || SOURCES.has(extname(path));
  }
}
