/** A function's own sources → linked module, with as much of it taken from the cache as is there. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, relative } from 'node:path';
import type { BuildSpec, ContractName } from '../model/app.ts';
import { WeftError } from '../model/errors.ts';
import { type CompileJob, CompilerFailure, type Compiler, type Language, type LinkInput } from './compiler.ts';
import { readCompileFlags, readLinkFlags } from './flags.ts';
import type { GuestRuntime } from './guest-runtime.ts';
import { hashOf, keyOf } from './hash.ts';
import { type LinkDescription, SDK, SDK_INCLUDE } from './link-description.ts';
import type { ObjectFile, Objects } from './objects.ts';
import { regularFile } from './regular-file.ts';
import { GLUE_FILE, targetGlue } from './target-glue.ts';

export type SourcesSpec = Extract<BuildSpec, { kind: 'sources' }>;

/** A module that is known by its key before it is made. */
export interface Linkable {
  readonly key: string;
  readonly inputs: readonly string[];
  link(): Promise<{ readonly wasm: Uint8Array; readonly warnings: string }>;
}

export interface SourceBuild {
  readonly compiler: Compiler;
  readonly objects: Objects;
  readonly runtime: GuestRuntime;
  readonly description: LinkDescription;
}

const LANGUAGES: Readonly<Record<string, Language>> = { '.c': 'c', '.cc': 'c++', '.cpp': 'c++', '.cxx': 'c++', '.c++': 'c++', '.C': 'c++' };
const MAX_SOURCE_BYTES = 64 * 1024 * 1024;
const MAX_LIBRARY_BYTES = 512 * 1024 * 1024;
/** What a mangled C++ name or its runtime looks like in an archive. */
const CXX_MARKS = ['__cxa_', '_ZSt', '_ZNSt', '_Znwm', '_Znwj', '__gxx_'];

export async function compileSources(
  { compiler, objects, runtime, description }: SourceBuild,
  spec: SourcesSpec,
  contract: ContractName,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (step: string) => void },
): Promise<Linkable> {
  const base = dirname(spec.sources[0] ?? '/');
  const given = readLinkFlags(spec.linkFlags, base);
  const sources = await Promise.all(spec.sources.map(async (path) => ({ path, content: await readInput(path, MAX_SOURCE_BYTES) })));
  const glue = targetGlue(spec, contract);
  if (glue !== undefined) sources.push({ path: join(base, GLUE_FILE), content: Buffer.from(glue) });
  const jobs = sources.map(({ path, content }) => jobOf(path, content, spec, contract, description, compiler, base));
  const libraries = await Promise.all([...spec.libraries, ...given.libraries].map(readLibrary));
  const compiled = await compileAll(jobs, objects, signal, onProgress);

  const cxx =
    jobs.some((job) => job.language === 'c++') || libraries.some(({ content }) => CXX_MARKS.some((mark) => content.includes(mark)));
  const language = cxx ? 'c++' : 'c';
  const parts = await runtime.parts(contract, language);
  const flags = linkFlags(spec, contract, language, description, given.flags);
  const [objectKeys, partKeys, libraryKeys] = [
    compiled.map(({ key }) => key),
    parts.map(({ key }) => key),
    libraries.map(({ key }) => key),
  ];
  return {
    key: keyOf('link', compiler.identity, language, flags, objectKeys, partKeys, libraryKeys),
    inputs: inputsOf(spec, compiled, given.libraries),
    async link() {
      const loaded = await Promise.all(compiled.map((object) => object.load()));
      const own = loaded.map(({ object }, at) => ({ name: `${basename(jobs[at]?.source ?? '')}.o`, content: object }));
      const [entry, contractObject, ...archives] = await Promise.all(parts.map((part) => part.load()));
      const inputs = named([entry, contractObject, ...own, ...libraries, ...archives]);
      onProgress('linking');
      const { wasm, warnings } = await compiler.link({ language, flags, inputs }, signal);
      return { wasm, warnings: loaded.map((object) => object.warnings).join('') + warnings };
    },
  };
}

/** All are tried, so that the author sees every mistake at once. */
async function compileAll(
  jobs: readonly CompileJob[],
  objects: Objects,
  signal: AbortSignal,
  onProgress: (step: string) => void,
): Promise<ObjectFile[]> {
  const results = await Promise.allSettled(
    jobs.map((job) => objects.get(job, signal, () => onProgress(`compiling ${basename(job.source)}`))),
  );
  const outputs: string[] = [];
  for (const result of results) {
    if (result.status === 'fulfilled') continue;
    if (!(result.reason instanceof CompilerFailure)) throw asError(result.reason);
    outputs.push(result.reason.output);
  }
  if (outputs.length > 0) throw new CompilerFailure(outputs.join(''));
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));

function jobOf(
  source: string,
  content: Uint8Array,
  spec: SourcesSpec,
  contract: ContractName,
  { userFlags, contracts }: LinkDescription,
  { c23 }: Compiler,
  base: string,
): CompileJob {
  const language = languageOf(source);
  const standard = { c17: 'gnu17', c23, 'c++20': 'gnu++20', 'c++23': 'gnu++23' }[language === 'c' ? spec.cStandard : spec.cppStandard];
  const { flags, search } = readCompileFlags(spec.flags, base);
  return {
    source,
    content,
    language,
    flags: [
      ...['-O2', `-std=${standard}`, ...(userFlags?.[language] ?? []), ...contracts[contract].userFlags],
      ...spec.defines.map((define) => `-D${define}`),
      ...flags,
      ...[...spec.includeDirs, SDK_INCLUDE].map((dir) => `-I${dir}`),
    ],
    search: { ...search, all: [...search.all, ...spec.includeDirs, SDK_INCLUDE] },
    pointerSizes: contract === 'nightcore',
  };
}

function languageOf(source: string): Language {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(source)) throw refused(JSON.stringify(source), 'its name has a control character');
  const language = LANGUAGES[extname(source)];
  if (language) return language;
  throw refused(source, `only ${Object.keys(LANGUAGES).join(', ')} files are compiled; a static library stands under "libraries"`);
}

async function readLibrary(path: string): Promise<LinkInput & { key: string; content: Buffer }> {
  const content = await readInput(path, MAX_LIBRARY_BYTES);
  return { name: basename(path), content, key: keyOf(basename(path), hashOf(content)) };
}

async function readInput(path: string, maxBytes: number): Promise<Buffer> {
  const info = regularFile(path);
  if (!info) throw refused(path, 'there is no such file');
  if (info.size > maxBytes) throw refused(path, `it is larger than ${maxBytes} bytes`);
  return readFile(path).catch((cause: unknown) => {
    throw refused(path, cause instanceof Error ? cause.message : String(cause), cause);
  });
}

function refused(path: string, reason: string, cause?: unknown): WeftError {
  return new WeftError('WEFT_SOURCE_REFUSED', { path, reason }, { cause });
}

function linkFlags(
  spec: SourcesSpec,
  contract: ContractName,
  language: Language,
  { linkFlags: all, cxxLinkFlags = [], contracts }: LinkDescription,
  own: readonly string[],
): string[] {
  // Names of functions stay: stack traces of traps show them.
  return [
    ...all,
    ...(language === 'c++' ? cxxLinkFlags : []),
    ...contracts[contract].linkFlags,
    `-Wl,-z,stack-size=${spec.stackBytes}`,
    '-Wl,--strip-debug',
    ...own,
  ];
}

/** Names as the linker will say them; two files of one name are told apart by a folder. */
function named(inputs: readonly (LinkInput | undefined)[]): LinkInput[] {
  const taken = new Set<string>();
  return inputs.flatMap((input) => {
    if (!input) return [];
    const plain = /^[-@]/.test(input.name) ? `./${input.name}` : input.name;
    let name = plain;
    for (let copy = 2; taken.has(name); copy++) name = `${copy}/${input.name}`;
    taken.add(name);
    return [{ name, content: input.content }];
  });
}

function inputsOf(spec: SourcesSpec, compiled: readonly ObjectFile[], libraries: readonly string[]): string[] {
  const headers = compiled.flatMap((object) => object.headers).filter((path) => relative(SDK, path).startsWith('..'));
  return [...new Set([...spec.sources, ...spec.libraries, ...libraries, ...headers])];
}
