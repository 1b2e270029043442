/** A project with a build system of its own: what is the same whatever it is built for. */
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { extname, join } from 'node:path';
import type { BuildSpec } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import { CompilerFailure } from '../compiler.ts';
import { regularFile } from '../regular-file.ts';
import { type Ran, type RunOptions, runProcess } from '../run-process.ts';
import { buildWithCmake } from './cmake.ts';
import { buildWithMake } from './make.ts';

export type ProjectSpec = Extract<BuildSpec, { kind: 'cmake' | 'make' }>;

/** What a build system works with. */
export interface Project {
  readonly spec: ProjectSpec;
  /** Ours, kept from one build to the next. */
  readonly folder: string;
  /** What it is told before the project's own arguments. */
  readonly args: readonly string[];
  readonly jobs: number;
  /** Runs a program of the build; its warnings. @throws CompilerFailure, WeftError WEFT_TOOLCHAIN_MISSING */
  readonly run: (program: string, args: readonly string[], cwd: string) => Promise<string>;
}

interface Made {
  readonly path: string;
  readonly warnings: string;
  readonly inputs: readonly string[];
}

const MAX_PROJECTS = 64;
const MAX_INPUTS = 10_000;
const NOT_INPUTS = new Set(['.o', '.a', '.d', '.wasm', '.obj', '.so']);
const NOT_ENTERED = new Set(['node_modules', 'CMakeFiles', 'build']);

/** Builds of one folder wait for each other. */
const running = new Map<string, Promise<unknown>>();

/**
 * Runs the project's own build. `args` are made when the folder is there.
 * @throws CompilerFailure; WeftError WEFT_SOURCE_REFUSED, WEFT_TOOLCHAIN_MISSING
 */
export async function runProject(
  spec: ProjectSpec,
  folder: string,
  args: () => Promise<readonly string[]>,
  { signal, onProgress, env }: { signal: AbortSignal; onProgress: (step: string) => void; env?: NodeJS.ProcessEnv },
): Promise<Made> {
  if (!regularFileIn(spec))
    throw new WeftError('WEFT_SOURCE_REFUSED', { path: spec.dir, reason: `there is no ${FILES[spec.kind].join(' or ')}` });
  onProgress(`running ${spec.kind}`);
  const made = await oneAtATime(spec.kind === 'make' ? spec.dir : folder, async () => {
    await mkdir(folder, { recursive: true });
    await used(folder);
    const run = (program: string, words: readonly string[], cwd: string): Promise<string> =>
      runOf(program, words, { cwd, signal, ...(env && { env }) });
    const project = { spec, folder, args: await args(), jobs: availableParallelism(), run };
    return spec.kind === 'cmake' ? buildWithCmake(project) : buildWithMake(project);
  });
  return { ...made, inputs: await inputsIn(spec.dir) };
}

const FILES = { cmake: ['CMakeLists.txt'], make: ['GNUmakefile', 'makefile', 'Makefile'] };
const regularFileIn = ({ kind, dir }: ProjectSpec): boolean => FILES[kind].some((name) => regularFile(join(dir, name)));

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
