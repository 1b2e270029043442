/** A function → program of this machine, or library of it where its contract is one, by the system's own compiler. */
import { readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { ContractName, FunctionSpec } from '../../model/app.ts';
import { inputsOf } from '../build-sources.ts';
import { compileAll } from '../compile-all.ts';
import type { CompileJob, Language, LinkInput } from '../compiler.ts';
import { readLinkFlags } from '../flags.ts';
import { FileHashes, keyOf } from '../hash.ts';
import { type LinkDescription, nativePart, SDK, SDK_INCLUDE } from '../link-description.ts';
import { isCxx, named, readLibrary } from '../link-inputs.ts';
import { type ObjectFile, Objects } from '../objects.ts';
import type { Slots } from '../slots.ts';
import { baseOf, readJobs, type SourcesSpec } from '../source-jobs.ts';
import type { Store } from '../store.ts';
import { findNativeCompiler } from './compilers.ts';
import { buildNativeProject } from './project.ts';
import { NativeTool } from './tool.ts';

/** A program that is known by its key before it is made. */
export interface NativeLinkable {
  readonly key: string;
  readonly toolchain: string;
  readonly inputs: readonly string[];
  link(): Promise<{ readonly executable: Uint8Array; readonly warnings: string }>;
}

interface Parts {
  readonly store: Store;
  readonly slots: Slots;
  readonly description: LinkDescription;
  readonly cacheDir: string;
}

interface Running {
  readonly signal: AbortSignal;
  readonly onProgress: (step: string) => void;
}

/** gcc and clang knew them by these names before they were finished, and still do. */
const STANDARDS = { c23: 'gnu2x', cxx23: 'gnu++2b' };
const OWN_DIALECT: Readonly<Record<Language, string>> = { c: '-std=gnu11', 'c++': '-std=gnu++17' };

export class NativeBuilds {
  readonly #parts: Parts;
  readonly #hashes = new FileHashes();
  /** By the compiler's identity, so that one that is replaced is noticed. */
  readonly #tools = new Map<string, { tool: NativeTool; objects: Objects }>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws CompilerFailure, WeftError */
  async linkable({ build, contract }: FunctionSpec, running: Running): Promise<NativeLinkable> {
    switch (build.kind) {
      case 'sources':
        return this.#sources(build, contract, running);
      case 'cmake':
      case 'make':
        return buildNativeProject(this.#parts.cacheDir, build, running);
      case 'executable':
      case 'wasm':
      case 'none':
        throw new TypeError(`a ${build.kind} is not made into a program`);
    }
  }

  async #sources(spec: SourcesSpec, contract: ContractName, { signal, onProgress }: Running): Promise<NativeLinkable> {
    const part = nativePart(this.#parts.description, contract);
    const given = readLinkFlags(spec.linkFlags, baseOf(spec));
    const dialect = { ...STANDARDS, flags: { c: part.flags, 'c++': part.flags }, pointerSizes: false };
    const own = await readJobs(spec, contract, dialect);
    const ours = await Promise.all(part.sources.map((source) => jobOf(join(SDK, 'lib', source), part.flags)));
    const libraries = await Promise.all([...spec.libraries, ...given.libraries].map(readLibrary));

    const jobs = [...own, ...ours];
    const language = jobs.some((job) => job.language === 'c++') || libraries.some(isCxx) ? 'c++' : 'c';
    const compiled = await this.#compile(jobs, signal, onProgress);
    const { tool } = await this.#tool(language, signal);
    const flags = [...given.folders.map((folder) => `-L${folder}`), ...given.flags, ...part.linkFlags];
    const keys = [...compiled, ...libraries].map(({ key }) => key);
    return {
      key: keyOf('native link', tool.identity, flags, keys),
      toolchain: tool.compiler.name,
      inputs: inputsOf(spec, compiled, given.libraries),
      async link() {
        const loaded = await Promise.all(compiled.map((object) => object.load()));
        const objects = loaded.map(({ object }, at): LinkInput => ({ name: `${basename(jobs[at]?.source ?? '')}.o`, content: object }));
        onProgress('linking');
        const { executable, warnings } = await tool.link(named([...objects, ...libraries]), flags, signal);
        const said = loaded.slice(0, own.length).map((object) => object.warnings);
        return { executable, warnings: said.join('') + warnings };
      },
    };
  }

  async #compile(jobs: readonly CompileJob[], signal: AbortSignal, onProgress: (step: string) => void): Promise<ObjectFile[]> {
    const languages = [...new Set(jobs.map((job) => job.language))];
    const tools = new Map(await Promise.all(languages.map(async (language) => [language, await this.#tool(language, signal)] as const)));
    const get: Objects['get'] = (job, ...rest) => {
      const known = tools.get(job.language);
      if (!known) throw new TypeError(`no compiler for ${job.language}`);
      return known.objects.get(job, ...rest);
    };
    return compileAll(jobs, { get }, signal, onProgress);
  }

  async #tool(language: Language, signal: AbortSignal): Promise<{ tool: NativeTool; objects: Objects }> {
    const compiler = await findNativeCompiler(language, signal);
    const known = this.#tools.get(compiler.identity);
    if (known) return known;
    const tool = new NativeTool(compiler, this.#parts.slots);
    const made = { tool, objects: new Objects(tool, this.#parts.store, this.#hashes) };
    this.#tools.set(compiler.identity, made);
    return made;
  }
}

/** Of a source that the SDK brings along. */
async function jobOf(source: string, flags: readonly string[]): Promise<CompileJob> {
  const content = await readFile(source);
  const language = extname(source) === '.c' ? 'c' : 'c++';
  return {
    source,
    content,
    language,
    flags: ['-O2', OWN_DIALECT[language], ...flags, `-I${SDK_INCLUDE}`],
    search: { quote: [], all: [SDK_INCLUDE], forced: [] },
    pointerSizes: false,
  };
}
