/**
 * Object files, kept by what they were made from. Which headers a source includes only its compilation tells, so there are two
 * steps: source and flags lead to the headers that were read when it was compiled before; these, as they are now, to the object.
 */
import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { packAnnotated, unpackAnnotated } from './annotated.ts';
import type { CompileJob, Compiled, Compiler } from './compiler.ts';
import { type FileHashes, keyOf } from './hash.ts';
import type { Store } from './store.ts';

export type ObjectStore = Pick<Store, 'get' | 'put' | 'getJson' | 'putJson'>;

export type ObjectCompiler = Pick<Compiler, 'identity' | 'compile'>;

export interface ObjectFile {
  /** Of everything it was made from. */
  readonly key: string;
  /** Absolute. */
  readonly headers: readonly string[];
  /** Compiles when the object is not there any more. */
  load(): Promise<LoadedObject>;
}

interface LoadedObject {
  readonly object: Uint8Array;
  readonly warnings: string;
}

/** One set of headers that a source was compiled with. */
interface HeaderSet {
  readonly headers: readonly (readonly [path: string, hash: string])[];
  /** Where there was no file; one that appears there would be included in place of another. */
  readonly absent: readonly string[];
}

const FORMAT = '1';
/** Going back and forth between branches finds what was built before. */
const MAX_RECORDS = 8;
const MAX_ABSENT = 4096;

export class Objects {
  readonly #compiler: ObjectCompiler;
  readonly #store: ObjectStore;
  readonly #hashes: FileHashes;

  constructor(compiler: ObjectCompiler, store: ObjectStore, hashes: FileHashes) {
    this.#compiler = compiler;
    this.#store = store;
    this.#hashes = hashes;
  }

  /** @throws CompilerFailure, WeftError */
  async get(job: CompileJob, signal: AbortSignal, onCompile: () => void = () => {}): Promise<ObjectFile> {
    const source = this.#sourceKey(job);
    const records = readHeaderSets(await this.#store.getJson(source));
    const known = records.find((record) => this.#isCurrent(record));
    if (!known) {
      onCompile();
      return this.#compile(job, source, records, signal);
    }
    const key = objectKey(source, known);
    const headers = known.headers.map(([path]) => path);
    return { key, headers, load: async () => (await this.#stored(key)) ?? (await this.#compile(job, source, records, signal)).load() };
  }

  #sourceKey({ source, content, language, flags, pointerSizes }: CompileJob): string {
    return keyOf('source', FORMAT, this.#compiler.identity, source, content, language, flags, String(pointerSizes));
  }

  #isCurrent({ headers, absent }: HeaderSet): boolean {
    return headers.every(([path, hash]) => this.#hashes.of(path) === hash) && !absent.some((path) => existsSync(path));
  }

  async #compile(job: CompileJob, source: string, records: readonly HeaderSet[], signal: AbortSignal): Promise<ObjectFile> {
    const compiled = await this.#compiler.compile(job, signal);
    const record = { headers: [...compiled.headers].sort(([a], [b]) => (a < b ? -1 : 1)), absent: absentFiles(job, compiled) };
    const key = objectKey(source, record);
    await this.#store.put(key, packAnnotated(compiled.object, compiled.warnings));
    const others = records.filter((other) => objectKey(source, other) !== key);
    await this.#store.putJson(source, [record, ...others].slice(0, MAX_RECORDS));
    const loaded = { object: compiled.object, warnings: compiled.warnings };
    return { key, headers: [...compiled.headers.keys()], load: () => Promise.resolve(loaded) };
  }

  async #stored(key: string): Promise<LoadedObject | undefined> {
    const kept = await this.#store.get(key);
    if (!kept) return undefined;
    const { content, warnings } = unpackAnnotated(kept);
    return { object: content, warnings };
  }
}

const objectKey = (source: string, { headers }: HeaderSet): string => keyOf('object', source, ...headers.flat());

/** Each header could also have been found in the folders that are searched with or before its own. */
function absentFiles({ source, search }: CompileJob, { headers }: Compiled): string[] {
  const folders = [dirname(source), ...search.quote, ...search.all];
  const absent = new Set<string>();
  for (const header of headers.keys()) {
    const names = folders.map((folder) => relative(folder, header)).filter((name) => !name.startsWith('..'));
    for (const name of names) {
      for (const folder of folders) {
        const path = resolve(folder, name);
        if (absent.size < MAX_ABSENT && !headers.has(path) && !existsSync(path)) absent.add(path);
      }
    }
  }
  return [...absent];
}

function readHeaderSets(value: unknown): HeaderSet[] {
  return Array.isArray(value) ? (value as HeaderSet[]) : []; // written by this class, and whole: the store checks that
}
