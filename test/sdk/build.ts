/**
 * Compiles functions against the SDK, with nothing of the platform between: the embedded clang, and the system's where there is one.
 * What is linked is what sdk/lib/link.json says.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { AST_FLAGS, findPointerSizeofs, mayHavePointerSizeof, withPointerSizes } from '../../src/toolchain/pointer-sizeof.ts';
import type { VirtualFiles } from '../../src/toolchain/daemon/messages.ts';
import { SYSROOT_CXX_FLAGS, sysrootFlags, unpackSysroot } from '../../src/toolchain/sysroot.ts';
import { runEmbedded } from '../toolchain/compilers.ts';

export type ContractName = 'weft' | 'stdio' | 'nightcore' | 'fn';

export interface Program {
  readonly contract: ContractName;
  /** File name → text; `.c` and `.cpp` are compiled. */
  readonly sources: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
}

type Files = Readonly<Record<string, Uint8Array | string>>;

export interface Toolchain {
  readonly name: 'embedded' | 'system';
  /** @throws Error with what clang wrote. */
  build(program: Program): Promise<Uint8Array<ArrayBuffer>>;
  /** Compiles one file for WebAssembly, without linking. */
  check(file: string, source: string, flags: readonly string[], beside?: Files): Promise<void>;
}

interface Link {
  readonly entry: Readonly<Record<'c' | 'c++', string>>;
  readonly archive: readonly string[];
  readonly cxxArchive: readonly string[];
  readonly userFlags: Readonly<Record<'c' | 'c++', readonly string[]>>;
  readonly includeDirs: readonly string[];
  readonly contracts: Readonly<
    Record<ContractName, { readonly source: string; readonly userFlags: readonly string[]; readonly linkFlags: readonly string[] }>
  >;
  readonly linkFlags: readonly string[];
  readonly cxxLinkFlags: readonly string[];
}

export const SDK = join(import.meta.dirname, '../../sdk');
const LINK = JSON.parse(readFileSync(join(SDK, 'lib/link.json'), 'utf8')) as Link;
/** Versions of all packages, the embedded compiler's among them. */
const PINNED = createHash('sha256')
  .update(readFileSync(join(SDK, '../package-lock.json')))
  .digest('hex');
const CACHE = join(SDK, '../node_modules/.cache/weft');
const WARNINGS = ['-Wall', '-Wextra', '-Wpedantic'];
/** Of programs that must compile without a warning. */
export const FLAGS = [...WARNINGS, '-Werror'];
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const SYSTEM = ['clang', 'clang-19', 'clang-18', 'clang-17', 'clang-16'];

/** Every toolchain of this machine; the embedded one is always there. */
export function toolchains(): Toolchain[] {
  const system = SYSTEM.find((clang) => linksForWasi(clang));
  return [embedded(), ...(system === undefined ? [] : [systemClang(system)])];
}

/** Compiler driver of the system that can link for WASI, and is none that the platform refuses as too old. */
function linksForWasi(clang: string): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'weft-sdk-'));
  try {
    const source = join(dir, 'probe.c');
    writeFileSync(source, '#if __clang_major__ < 16\n#error\n#endif\n#include <stdlib.h>\nint main(void) { return abs(0); }\n');
    return spawnSync(clang, ['--target=wasm32-wasi', source, '-o', join(dir, 'probe.wasm')]).status === 0;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const isCpp = (source: string): boolean => source.endsWith('.cpp');
const languageOf = (program: Program): 'c' | 'c++' => (Object.keys(program.sources).some(isCpp) ? 'c++' : 'c');
/** Sources of the runtime that are linked as they are; the rest is an archive. */
const direct = (program: Program): string[] => [LINK.entry[languageOf(program)], LINK.contracts[program.contract].source];
const archivesOf = (language: 'c' | 'c++'): string[] => (language === 'c++' ? ['libweft.a', 'libweft-cxx.a'] : ['libweft.a']);
const objectOf = (source: string): string => `${basename(source)}.o`;

function runtimeCommand(source: string, sdk: string): string[] {
  const dirs = LINK.includeDirs.map((dir) => `-I${join(sdk, 'lib', dir)}`);
  const dialect = isCpp(source) ? ['-std=c++20', '-fwasm-exceptions'] : ['-std=c17'];
  return ['-O2', ...dialect, ...WARNINGS, '-Werror', ...dirs, '-c', join(sdk, 'lib', source), '-o', objectOf(source)];
}

function userCommand(program: Program, sdk: string): string[] {
  const language = languageOf(program);
  return [
    ...['-O2', `-I${join(sdk, 'include')}`, '-Wall', '-Wextra', ...LINK.userFlags[language]],
    ...[...LINK.contracts[program.contract].userFlags, ...(program.flags ?? [])],
    ...Object.keys(program.sources).filter((name) => /\.(c|cpp)$/.test(name)),
    ...[...direct(program).map(objectOf), ...archivesOf(language)],
    ...[...LINK.linkFlags, ...(language === 'c++' ? LINK.cxxLinkFlags : []), ...LINK.contracts[program.contract].linkFlags],
    ...['-s', '-o', 'out.wasm'],
  ];
}

/** A compiler at work in a folder, real or not: what it needs in; out what it made, or what it wrote to its standard output. */
type Run = (tool: 'clang' | 'clang++' | 'ar', args: readonly string[], files: Files, made: string | typeof STDOUT) => Promise<Uint8Array>;
const STDOUT = Symbol('standard output');

/** Of all that the runtime is made of. */
const sdkDigest = createHash('sha256');
for (const path of (readdirSync(SDK, { recursive: true }) as string[]).toSorted()) {
  if (statSync(join(SDK, path)).isFile()) sdkDigest.update(`${path}\0`).update(readFileSync(join(SDK, path)));
}
const SDK_DIGEST = sdkDigest.digest('hex');

/** What is compiled is kept by all that it is made of: files of tests, each of which is a process, build much of it again. */
async function kept(key: readonly string[], make: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const folder = join(CACHE, 'sdk-tests');
  const path = join(
    folder,
    createHash('sha256')
      .update([SDK_DIGEST, ...key].join('\0'))
      .digest('hex'),
  );
  if (existsSync(path)) return readFileSync(path);
  const made = await make();
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${path}.${process.pid}`, made);
  renameSync(`${path}.${process.pid}`, path);
  return made;
}

/** Compiles what is missing of the runtime, then the program. */
function toolchain(name: Toolchain['name'], identity: string, sdk: string, run: Run): Toolchain {
  const done = new Map<string, Promise<Uint8Array>>();
  const once = (key: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> => {
    const made = done.get(key) ?? make();
    done.set(key, made);
    return made;
  };
  const object = (source: string): Promise<Uint8Array> =>
    once(source, () =>
      kept([identity, ...runtimeCommand(source, sdk)], () =>
        run(isCpp(source) ? 'clang++' : 'clang', runtimeCommand(source, sdk), {}, objectOf(source)),
      ),
    );
  const named = async (sources: readonly string[]): Promise<Record<string, Uint8Array>> => {
    const objects: Record<string, Uint8Array> = {};
    for (const source of sources) objects[objectOf(source)] = await object(source);
    return objects;
  };
  const archive = async (file: string): Promise<Uint8Array> => {
    const objects = await named(file === 'libweft.a' ? LINK.archive : LINK.cxxArchive);
    return run('ar', ['rc', file, ...Object.keys(objects)], objects, file);
  };
  const archives = async (language: 'c' | 'c++'): Promise<Record<string, Uint8Array>> => {
    const made: Record<string, Uint8Array> = {};
    for (const file of archivesOf(language)) made[file] = await once(file, () => archive(file));
    return made;
  };
  /** As docs/decisions/2026-11-24-nightcore-sizeof.md says. */
  const asOn64Bits = async ({ sources, contract, flags = [] }: Program): Promise<Files> => {
    const read: Record<string, Uint8Array | string> = { ...sources };
    for (const [file, source] of Object.entries(sources)) {
      if (typeof source !== 'string' || !mayHavePointerSizeof(source)) continue;
      const ast = await run(
        'clang',
        [`-I${join(sdk, 'include')}`, ...LINK.contracts[contract].userFlags, ...flags, ...AST_FLAGS, file],
        sources,
        STDOUT,
      );
      const bytes = new TextEncoder().encode(source);
      read[file] = withPointerSizes(bytes, findPointerSizeofs(new TextDecoder().decode(ast), file));
    }
    return read;
  };
  return {
    name,
    async check(file, source, flags, beside = {}) {
      await run(
        isCpp(file) ? 'clang++' : 'clang',
        [...flags, `-I${join(sdk, 'include')}`, '-c', file, '-o', 'checked.o'],
        { ...beside, [file]: source },
        'checked.o',
      );
    },
    async build(program) {
      const sources = program.contract === 'nightcore' ? await asOn64Bits(program) : program.sources;
      const language = languageOf(program);
      const command = userCommand(program, sdk);
      const texts = Object.entries(sources).flatMap(([name, text]) => [name, Buffer.from(text).toString('latin1')]);
      const made = await kept([identity, ...command, ...texts], async () => {
        const files = { ...sources, ...(await named(direct(program))), ...(await archives(language)) };
        return run(language === 'c' ? 'clang' : 'clang++', command, files, 'out.wasm');
      });
      return new Uint8Array(made);
    },
  };
}

/** The SDK's files as the embedded compiler sees them. */
const sdkFiles = (): VirtualFiles =>
  (readdirSync(SDK, { recursive: true }) as string[])
    .filter((path) => statSync(join(SDK, path)).isFile())
    .map((path) => [`sdk/${path}`, readFileSync(join(SDK, path))] as const);

function embedded(): Toolchain {
  const sdk = sdkFiles();
  return toolchain('embedded', `embedded ${PINNED}`, 'sdk', (tool, args, files, made) => {
    const own = Object.entries(files).map(([name, content]) => [name, Buffer.from(content)] as const);
    return runEmbedded(tool, args, [...own, ...sdk], made === STDOUT ? undefined : made);
  });
}

function systemClang(clang: string): Toolchain {
  const version = clang.slice('clang'.length);
  const sysroot = unpackSysroot(CACHE);
  const driver = { clang, 'clang++': `clang++${version}`, ar: `llvm-ar${version}` };
  return toolchain('system', String(spawnSync(clang, ['--version']).stdout), SDK, async (tool, args, files, made) => {
    const dir = mkdtempSync(join(tmpdir(), 'weft-sdk-'));
    try {
      for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
      const target = tool === 'ar' ? [] : sysrootFlags(await sysroot);
      if (tool === 'clang++') target.push(...SYSROOT_CXX_FLAGS);
      const { status, stdout, stderr, error } = spawnSync(driver[tool], [...target, ...args], { cwd: dir, maxBuffer: MAX_OUTPUT_BYTES });
      if (error) throw error;
      if (status !== 0) throw new Error(stderr.toString());
      return made === STDOUT ? stdout : readFileSync(join(dir, made));
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
}
