/** A function's own sources → linked module, with as much of it taken from the cache as is there. */
import { basename, relative } from 'node:path';
import type { ContractName } from '../model/app.ts';
import { type CompactlyLinked, linkCompactly } from './compact-link.ts';
import { compileAll } from './compile-all.ts';
import type { Compiler, Language } from './compiler.ts';
import type { Daemon } from './daemon/client.ts';
import { readLinkFlags } from './flags.ts';
import type { GuestRuntime } from './guest-runtime.ts';
import { keyOf } from './hash.ts';
import { type LinkDescription, SDK } from './link-description.ts';
import { isCxx, named, readLibrary } from './link-inputs.ts';
import type { ObjectFile, Objects } from './objects.ts';
import { baseOf, type Dialect, readJobs, type SourcesSpec } from './source-jobs.ts';

/** A module that is known by its key before it is made. */
export interface Linkable {
  readonly key: string;
  readonly inputs: readonly string[];
  link(): Promise<CompactlyLinked>;
}

export interface SourceBuild {
  readonly compiler: Compiler;
  readonly daemon: Daemon;
  readonly objects: Objects;
  readonly runtime: GuestRuntime;
  readonly description: LinkDescription;
}

export async function compileSources(
  { compiler, daemon, objects, runtime, description }: SourceBuild,
  spec: SourcesSpec,
  contract: ContractName,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (step: string) => void },
): Promise<Linkable> {
  const { compactLinkFlags } = description;
  const given = readLinkFlags(spec.linkFlags, baseOf(spec));
  const jobs = await readJobs(spec, contract, dialectOf(compiler, description, contract));
  const libraries = await Promise.all([...spec.libraries, ...given.libraries].map(readLibrary));
  const compiled = await compileAll(jobs, objects, signal, onProgress);

  const cxx = jobs.some((job) => job.language === 'c++') || libraries.some(isCxx);
  const language = cxx ? 'c++' : 'c';
  const parts = await runtime.parts(contract, language);
  const flags = linkFlags(contract, language, description);
  const { stackBytes } = spec;
  const heap = await runtime.heap();
  const [objectKeys, partKeys, libraryKeys] = [
    compiled.map(({ key }) => key),
    parts.map(({ key }) => key),
    libraries.map(({ key }) => key),
  ];
  return {
    key: keyOf(
      'link',
      compiler.identity,
      language,
      flags,
      given.flags,
      String(stackBytes),
      compactLinkFlags,
      heap.key,
      objectKeys,
      partKeys,
      libraryKeys,
    ),
    inputs: inputsOf(spec, compiled, given.libraries),
    async link() {
      const loaded = await Promise.all(compiled.map((object) => object.load()));
      const own = loaded.map(({ object }, at) => ({ name: `${basename(jobs[at]?.source ?? '')}.o`, content: object }));
      const [entry, contractObject, ...archives] = await Promise.all(parts.map((part) => part.load()));
      const inputs = named([entry, contractObject, ...own, ...libraries, ...archives]);
      onProgress('linking');
      const compacting = {
        compiler,
        stackNeed: (wasm: Uint8Array, bytes: number) => daemon.stackNeed(wasm, bytes, signal),
        stackBytes,
        given: given.flags,
        own: [...own, ...libraries],
        stackFlag: (bytes: number) => `-Wl,-z,stack-size=${bytes}`,
        flags: compactLinkFlags,
        heap: () => heap.load(),
      };
      const { warnings, ...linked } = await linkCompactly(compacting, { language, flags, inputs }, signal);
      return { ...linked, warnings: loaded.map((object) => object.warnings).join('') + warnings };
    },
  };
}

function dialectOf({ c23 }: Compiler, { userFlags, contracts }: LinkDescription, contract: ContractName): Dialect {
  const flagsOf = (language: Language): string[] => [...(userFlags?.[language] ?? []), ...contracts[contract].userFlags];
  return { c23, cxx23: 'gnu++23', flags: { c: flagsOf('c'), 'c++': flagsOf('c++') }, pointerSizes: contract === 'nightcore' };
}

function linkFlags(
  contract: ContractName,
  language: Language,
  { linkFlags: all, cxxLinkFlags = [], contracts }: LinkDescription,
): string[] {
  // Names of functions stay: stack traces of traps show them.
  return [...all, ...(language === 'c++' ? cxxLinkFlags : []), ...contracts[contract].linkFlags, '-Wl,--strip-debug'];
}

/** The files that a watcher watches. */
export function inputsOf(spec: SourcesSpec, compiled: readonly ObjectFile[], libraries: readonly string[]): string[] {
  const headers = compiled.flatMap((object) => object.headers).filter((path) => relative(SDK, path).startsWith('..'));
  return [...new Set([...spec.sources, ...spec.libraries, ...libraries, ...headers])];
}
