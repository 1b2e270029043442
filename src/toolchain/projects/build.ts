/** A project with a build system of its own → linked module. It compiles with the system's clang, as Weft calls it for other sources. */
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { extname, join } from 'node:path';
import type { BuildSpec, ContractName } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import type { Linkable } from '../build-sources.ts';
import { type Compiler, CompilerFailure } from '../compiler.ts';
import type { GuestRuntime } from '../guest-runtime.ts';
import { hashOf, keyOf } from '../hash.ts';
import type { LinkDescription } from '../link-description.ts';
import { regularFile } from '../regular-file.ts';
import { type Ran, type RunOptions, runProcess } from '../run-process.ts';
import { SystemCompiler } from '../system.ts';
import { buildWithCmake } from './cmake.ts';
import { writeDrivers } from './drivers.ts';
import { buildWithMake } from './make.ts';

export type ProjectSpec = Extract<BuildSpec, { kind: 'cmake' | 'make' }>;

/** What a build system works with. */
export interface Project {
  readonly spec: ProjectSpec;
  /** Ours, kept from one build to the next. */
  readonly folder: string;
  /** Programs that compile and link as Weft does. */
  readonly drivers: { readonly c: string; readonly cxx: string; readonly ar: string };
  readonly jobs: number;
  /** Runs a program of the build; its warnings. @throws CompilerFailure, WeftError WEFT_TOOLCHAIN_MISSING */
  readonly run: (program: string, args: readonly string[], cwd: string) => Promise<string>;
}

interface Made {
  readonly path: string;
  readonly warnings: string;
}

const MAX_PROJECTS = 64;
const MAX_INPUTS = 10_000;
const NOT_INPUTS = new Set(['.o', '.a', '.d', '.wasm', '.obj']);
const NOT_ENTERED = new Set(['node_modules', 'CMakeFiles', 'build']);
const SYSTEM_NEEDED =
  'Install clang and lld (Debian and Ubuntu: sudo apt-get install clang-19 lld-19 llvm-19), or list the sources in the manifest';

/** Builds of one folder wait for each other. */
const running = new Map<string, Promise<unknown>>();

export async function buildProject(
  {
    compiler,
    runtime,
    description,
    cacheDir,
  }: { compiler: Compiler; runtime: GuestRuntime; description: LinkDescription; cacheDir: string },
  spec: ProjectSpec,
  contract: ContractName,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (step: string) => void },
): Promise<Linkable> {
  if (!(compiler instanceof SystemCompiler)) {
    const reason = `${spec.kind} starts the compiler as a program, which the embedded one is not`;
    throw new WeftError('WEFT_TOOLCHAIN_MISSING', { what: `a project built with ${spec.kind}`, reason, install: SYSTEM_NEEDED });
  }
  if (!regularFileIn(spec))
    throw new WeftError('WEFT_SOURCE_REFUSED', { path: spec.dir, reason: `there is no ${FILES[spec.kind].join(' or ')}` });
  onProgress(`running ${spec.kind}`);
  const parts = { c: await runtime.parts(contract, 'c'), cxx: await runtime.parts(contract, 'c++') };
  const keys = [...parts.c, ...parts.cxx].map(({ key }) => key);
  const folder = join(
    cacheDir,
    'projects',
    keyOf('project', compiler.identity, spec.kind, spec.dir, spec.target, spec.args, contract, keys),
  );
  const made = await oneAtATime(spec.kind === 'make' ? spec.dir : folder, async () => {
    await mkdir(folder, { recursive: true });
    await used(folder);
    const drivers = await writeDrivers(folder, compiler, description, contract, parts);
    const run = (program: string, args: readonly string[], cwd: string): Promise<string> => runOf(program, args, { cwd, signal });
    const project = { spec, folder, drivers, jobs: availableParallelism(), run };
    return spec.kind === 'cmake' ? buildWithCmake(project) : buildWithMake(project);
  });
  return linkableOf(made, spec);
}

const FILES = { cmake: ['CMakeLists.txt'], make: ['GNUmakefile', 'makefile', 'Makefile'] };
const regularFileIn = ({ kind, dir }: ProjectSpec): boolean => FILES[kind].some((name) => regularFile(join(dir, name)));

async function linkableOf({ path, warnings }: Made, spec: ProjectSpec): Promise<Linkable> {
  const wasm = await readFile(path);
  const inputs = await inputsIn(spec.dir);
  return { key: keyOf('project', spec.dir, spec.target, hashOf(wasm)), inputs, link: () => Promise.resolve({ wasm, warnings }) };
}

async function runOf(program: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { ok, stdout, stderr } = await runProcess(program, args, options).catch((cause: unknown): Ran => {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause;
    const install = `Install it; on Debian and Ubuntu: sudo apt-get install ${program === 'cmake' ? 'cmake make' : program}`;
    throw new WeftError('WEFT_TOOLCHAIN_MISSING', { what: program, reason: 'it is not in the PATH', install }, { cause });
  });
  if (!ok) throw new CompilerFailure(stderr.trim() === '' ? stdout : stderr);
  return stderr;
}

async function oneAtATime<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = running.get(key) ?? Promise.resolve();
  const mine = before.then(work, work);
  running.set(key, mine);
  try {
    return await mine;
  } finally {
    if (running.get(key) === mine) running.delete(key);
  }
}

/** Marks a folder as used now, and removes those that were not for the longest time. */
async function used(folder: string): Promise<void> {
  const now = new Date();
  await utimes(folder, now, now);
  const parent = join(folder, '..');
  const all = await Promise.all(
    (await readdir(parent)).map(async (name) => ({ name, at: (await stat(join(parent, name)).catch(() => undefined))?.mtimeMs ?? 0 })),
  );
  const old = all.sort((a, b) => b.at - a.at).slice(MAX_PROJECTS);
  for (const { name } of old) await rm(join(parent, name), { recursive: true, force: true });
}

/** All that is in the project's folder, but for what builds leave there. */
async function inputsIn(dir: string): Promise<string[]> {
  const found: string[] = [];
  const folders = [dir];
  for (let folder = folders.pop(); folder !== undefined && found.length < MAX_INPUTS; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name);
      if (entry.name.startsWith('.') || NOT_ENTERED.has(entry.name)) continue;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() && isInput(entry.name)) found.push(path);
    }
  }
  return found;
}

/** A program of no extension is most likely the target. */
const isInput = (name: string): boolean =>
  !NOT_INPUTS.has(extname(name)) && (extname(name) !== '' || /^[A-Z]/.test(name) || name === 'makefile');
