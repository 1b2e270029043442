/** What a function is built from: the build section of its FunctionSpec, every path absolute and there. */
import { access } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import type { BuildSpec, ContractName } from '../model/app.ts';
import { readEntry } from './entry.ts';
import { guessContract } from './guess-contract.ts';
import { usualContract } from './isolation.ts';
import { readStack } from './limits.ts';
import { findFiles, findPath } from './lookup.ts';
import { quote } from './nearest.ts';
import type { FunctionShape } from './schema.ts';
import type { FunctionScope } from './scope.ts';

export const SOURCE_EXTENSIONS: readonly string[] = ['.c', '.cc', '.cpp', '.cxx', '.c++', '.C'];

const MAKEFILES = ['GNUmakefile', 'makefile', 'Makefile'];

export interface Built {
  readonly build: BuildSpec;
  readonly contract: ContractName;
}

export async function readBuild(scope: FunctionScope, memoryBytes: number): Promise<Built> {
  const { wasm, cmake, make, executable, image } = scope.own;
  const contract = scope.get('contract') ?? usualContract(scope);
  if (image !== undefined || scope.own.static !== undefined) return { build: { kind: 'none' }, contract };
  if (executable !== undefined) return { build: await readExecutable(scope, executable), contract };
  if (wasm !== undefined) return { build: await readWasm(scope, wasm), contract };
  if (cmake) return { build: await readProject(scope, 'cmake', cmake, ['CMakeLists.txt'], contract), contract };
  if (make) return { build: await readProject(scope, 'make', make, MAKEFILES, contract), contract };
  return readSources(scope, memoryBytes);
}

export const languagesOf = (std: FunctionShape['std']): { readonly cStandard: 'c17' | 'c23'; readonly cppStandard: 'c++20' | 'c++23' } => {
  const named = [std ?? []].flat();
  return {
    cStandard: named.find((one) => one === 'c17' || one === 'c23') ?? 'c17',
    cppStandard: named.find((one) => one === 'c++20' || one === 'c++23') ?? 'c++20',
  };
};

async function readSources(scope: FunctionScope, memoryBytes: number): Promise<Built> {
  const sources = await readSourceFiles(scope);
  const contract = scope.get('contract') ?? (await guessContract(sources)) ?? usualContract(scope);
  const std = scope.get('std');
  if (Array.isArray(std) && std.length === 2 && std[0]?.startsWith('c++') === std[1]?.startsWith('c++'))
    scope.at('std')(`std names two standards of one language: ${std.join(' and ')}`);
  const build = {
    kind: 'sources',
    sources,
    includeDirs: await paths(scope, 'include', (path, at) => findPath(scope.reading.dir, path, 'folder', scope.at('include', at))),
    defines: scope.get('defines') ?? [],
    flags: scope.get('flags') ?? [],
    linkFlags: scope.get('linkFlags') ?? [],
    libraries: await paths(scope, 'libraries', (path, at) => readLibrary(scope, path, at)),
    ...languagesOf(std),
    stackBytes: readStack(scope, contract, memoryBytes),
    ...readEntry(scope, contract),
  } as const;
  return { build, contract };
}

async function readSourceFiles(scope: FunctionScope): Promise<string[]> {
  const found = new Set<string>();
  for (const [at, pattern] of (scope.own.sources ?? []).entries()) {
    const report = scope.at('sources', at);
    for (const file of await findFiles(scope.reading.dir, pattern, SOURCE_EXTENSIONS, report)) {
      if (!SOURCE_EXTENSIONS.includes(extname(file))) report(`${quote(pattern)} is no C or C++ source (${SOURCE_EXTENSIONS.join(', ')})`);
      found.add(file);
    }
  }
  return [...found];
}

async function paths(
  scope: FunctionScope,
  key: 'include' | 'libraries',
  find: (path: string, at: number) => Promise<string | undefined>,
): Promise<string[]> {
  const found = await Promise.all((scope.get(key) ?? []).map(find));
  return found.filter((path) => path !== undefined);
}

async function readLibrary(scope: FunctionScope, path: string, at: number): Promise<string | undefined> {
  const report = scope.at('libraries', at);
  if (extname(path) === '.a') return findPath(scope.reading.dir, path, 'file', report);
  report(`${quote(path)} is no static library (.a)`);
  return undefined;
}

async function readWasm(scope: FunctionScope, path: string): Promise<BuildSpec> {
  const found = await findPath(scope.reading.dir, path, 'file', scope.at('wasm'));
  return { kind: 'wasm', path: found ?? path };
}

async function readExecutable(scope: FunctionScope, path: string): Promise<BuildSpec> {
  const found = await findPath(scope.reading.dir, path, 'file', scope.at('executable'));
  return { kind: 'executable', path: found ?? path };
}

/** An app of Google's functions-framework defines a library of a name that is always the same. */
function defaultTarget({ name }: FunctionScope, kind: 'cmake' | 'make', contract: ContractName): string {
  return kind === 'cmake' && contract === 'functions-framework' ? 'functions_framework_cpp_function' : name;
}

async function readProject(
  scope: FunctionScope,
  kind: 'cmake' | 'make',
  { dir = '.', target, args = [] }: NonNullable<FunctionShape['cmake']>,
  files: readonly string[],
  contract: ContractName,
): Promise<BuildSpec> {
  const report = scope.at(kind, 'dir');
  const found = await findPath(scope.reading.dir, dir, 'folder', report);
  if (found !== undefined && !(await hasOneOf(found, files))) report(`there is no ${files.at(-1)} in ${quote(dir)}`);
  return { kind, dir: found ?? dirname(dir), target: target ?? defaultTarget(scope, kind, contract), args, ...readEntry(scope, contract) };
}

async function hasOneOf(dir: string, names: readonly string[]): Promise<boolean> {
  const there = await Promise.all(
    names.map((name) =>
      access(join(dir, name)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return there.includes(true);
}
