/** The part of every function that Weft brings: compiled once per toolchain, kept with the other objects. */
import { readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { ContractName } from '../model/app.ts';
import type { Archiver } from './archiver.ts';
import type { CompileJob, Language, LinkInput } from './compiler.ts';
import { keyOf } from './hash.ts';
import { type LinkDescription, SDK } from './link-description.ts';
import type { ObjectFile, Objects } from './objects.ts';
import type { Store } from './store.ts';

const WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Werror'];
const DIALECT: Readonly<Record<Language, readonly string[]>> = { c: ['-std=c17'], 'c++': ['-std=c++20', '-fwasm-exceptions'] };

export interface RuntimePart {
  readonly key: string;
  load(): Promise<LinkInput>;
}

export class GuestRuntime {
  readonly #description: LinkDescription;
  readonly #objects: Objects;
  readonly #store: Store;
  readonly #archiver: Archiver;
  readonly #closing: AbortSignal;
  readonly #made = new Map<string, Promise<RuntimePart>>();

  constructor(description: LinkDescription, objects: Objects, store: Store, archiver: Archiver, closing: AbortSignal) {
    this.#description = description;
    this.#objects = objects;
    this.#store = store;
    this.#archiver = archiver;
    this.#closing = closing;
  }

  /** What is linked before and behind the user's objects. */
  parts(contract: ContractName, language: Language): Promise<RuntimePart[]> {
    const { entry, contracts, archive, cxxArchive = [] } = this.#description;
    return Promise.all([
      this.#once(entry[language], () => this.#object(entry[language])),
      this.#once(contracts[contract].source, () => this.#object(contracts[contract].source)),
      this.#once('libweft.a', () => this.#archive('libweft.a', archive)),
      ...(language === 'c++' && cxxArchive.length > 0
        ? [this.#once('libweft-cxx.a', () => this.#archive('libweft-cxx.a', cxxArchive))]
        : []),
    ]);
  }

  /** What is linked as well where a function's memory is to be small. */
  heap(): Promise<RuntimePart> {
    const { heap } = this.#description;
    return this.#once(heap, () => this.#object(heap));
  }

  /** Nobody's own signal ends what all wait for; what failed is tried again. */
  #once(name: string, make: () => Promise<RuntimePart>): Promise<RuntimePart> {
    const known = this.#made.get(name);
    if (known) return known;
    const made = make();
    this.#made.set(name, made);
    made.catch(() => this.#made.delete(name));
    return made;
  }

  async #object(source: string): Promise<RuntimePart> {
    const compiled = await this.#compile(source);
    return { key: compiled.key, load: async () => ({ name: `${basename(source)}.o`, content: (await compiled.load()).object }) };
  }

  async #archive(name: string, sources: readonly string[]): Promise<RuntimePart> {
    const objects = await Promise.all(sources.map((source) => this.#compile(source)));
    const key = keyOf('archive', name, ...objects.map((object) => object.key));
    const load = async (): Promise<LinkInput> => {
      const kept = await this.#store.get(key);
      if (kept) return { name, content: kept };
      const content = await this.#pack(name, sources, objects);
      await this.#store.put(key, content);
      return { name, content };
    };
    let loading: Promise<LinkInput> | undefined;
    const loadOnce = (): Promise<LinkInput> =>
      (loading ??= load().finally(() => {
        loading = undefined;
      }));
    return { key, load: loadOnce };
  }

  async #compile(source: string): Promise<ObjectFile> {
    return this.#objects.get(await this.#job(join(SDK, 'lib', source)), this.#closing);
  }

  async #job(source: string): Promise<CompileJob> {
    const language = extname(source) === '.c' ? 'c' : 'c++';
    const folders = this.#description.includeDirs.map((dir) => join(SDK, 'lib', dir));
    return {
      source,
      content: await readFile(source),
      language,
      flags: ['-O2', ...DIALECT[language], ...WARNINGS, ...folders.map((dir) => `-I${dir}`)],
      search: { quote: [], all: folders, forced: [] },
      pointerSizes: false,
    };
  }

  async #pack(name: string, sources: readonly string[], objects: readonly ObjectFile[]): Promise<Uint8Array> {
    const members = objects.map(async (object, at) => ({
      name: `${basename(sources[at] ?? '')}.o`,
      content: (await object.load()).object,
    }));
    return this.#archiver(name, await Promise.all(members), this.#closing);
  }
}
