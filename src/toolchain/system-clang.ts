/**
 * Finds a clang of the system that can compile and link for WebAssembly, by letting it do so. What was found is remembered until the
 * program or its linker changes.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WeftError } from '../model/errors.ts';
import { keyOf } from './hash.ts';
import { findProgram, stateOf } from './programs.ts';
import { runProcess } from './run-process.ts';
import type { Store } from './store.ts';
import { libraryFlags } from './system-libraries.ts';
import { sysrootFlags } from './sysroot.ts';

export interface SystemClang {
  /** Absolute. */
  readonly path: string;
  readonly version: string;
  readonly major: number;
  /** Changes whenever the compiler or the linker does. */
  readonly identity: string;
  /** Folder of the compiler's own headers. */
  readonly resourceDir: string;
  /** The linker, absolute. */
  readonly linker: string;
  /** llvm-ar; only its name when there is none beside this clang. */
  readonly archiver: string;
}

const OLDEST = 16;
const NEWEST_KNOWN = 24;
/** As distributions name it: the plain name first, then the newest. */
const NAMES = ['clang', ...Array.from({ length: NEWEST_KNOWN - OLDEST + 1 }, (_, at) => `clang-${NEWEST_KNOWN - at}`)];
const INSTALL = 'Install one; on Debian and Ubuntu: sudo apt-get install clang-19 lld-19; or use --toolchain embedded';
const PROBE_MS = 30_000;

/** @throws WeftError WEFT_TOOLCHAIN_MISSING that says of each candidate why not. */
export async function findSystemClang(
  unpack: () => Promise<string>,
  store: Store,
  signal: AbortSignal,
): Promise<{ clang: SystemClang; sysroot: string }> {
  const why: string[] = [];
  for (const path of await candidates()) {
    const sysroot = await unpack();
    const found = await probeOnce(path, sysroot, store, AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)]));
    if (typeof found !== 'string') return { clang: found, sysroot };
    why.push(`${path}: ${found}`);
  }
  const reason = why.length === 0 ? `no clang ${OLDEST} or newer is in the PATH` : why.join('; ');
  throw new WeftError('WEFT_TOOLCHAIN_MISSING', { what: "the system's clang", reason, install: INSTALL });
}

async function candidates(): Promise<string[]> {
  const found = await Promise.all(NAMES.map(findProgram));
  return found.filter((path) => path !== undefined);
}

async function probeOnce(path: string, sysroot: string, store: Store, signal: AbortSignal): Promise<SystemClang | string> {
  const key = keyOf('system clang', '2', path, await stateOf(path), sysroot);
  const known = await store.getJson(key);
  if (isSystemClang(known) && known.identity === (await identityOf(known))) return known;
  const found = await probe(path, sysroot, signal).catch((cause: unknown) => {
    if (signal.aborted && !isTimeout(signal.reason)) throw cause;
    return cause instanceof Error ? cause.message : String(cause);
  });
  if (typeof found !== 'string') await store.putJson(key, found);
  return found;
}

const isTimeout = (reason: unknown): boolean => reason instanceof DOMException && reason.name === 'TimeoutError';

async function probe(path: string, sysroot: string, signal: AbortSignal): Promise<SystemClang | string> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-probe-'));
  try {
    const run = (args: readonly string[]) => runProcess(path, args, { cwd: folder, signal });
    const version = /clang version (\S+)/.exec((await run(['--version'])).stdout)?.[1];
    const major = Number.parseInt(version ?? '', 10);
    if (version === undefined || Number.isNaN(major)) return 'it does not say a version of clang';
    if (major < OLDEST) return `it is clang ${major}; ${OLDEST} or newer is needed`;
    const linker = (await run(['--target=wasm32-wasi', '-print-prog-name=wasm-ld'])).stdout.trim();
    const resourceDir = (await run(['-print-resource-dir'])).stdout.trim();
    await writeFile(join(folder, 'probe.c'), '#include <stdlib.h>\nint main(void) { return abs(0); }\n');
    const linked = await run([sysrootFlags(sysroot), 'probe.c', libraryFlags(sysroot, 'c'), '-o', 'probe.wasm'].flat());
    if (!linked.ok) return `it cannot build for WebAssembly (is its lld installed?): ${firstError(linked.stderr)}`;
    const archiver = (await run(['-print-prog-name=llvm-ar'])).stdout.trim();
    const found = { path, version, major, resourceDir, linker, archiver };
    return { ...found, identity: await identityOf(found) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const firstError = (output: string): string => output.split('\n').find((line) => line.includes('error')) ?? output.trim();

function identityOf({ path, version, linker }: Pick<SystemClang, 'path' | 'version' | 'linker'>): Promise<string> {
  return Promise.all([stateOf(path), stateOf(linker)]).then((states) => keyOf(version, states));
}

function isSystemClang(value: unknown): value is SystemClang {
  if (typeof value !== 'object' || value === null) return false;
  const words = ['path', 'version', 'identity', 'resourceDir', 'linker', 'archiver'].every(
    (name) => typeof Reflect.get(value, name) === 'string',
  );
  return words && typeof Reflect.get(value, 'major') === 'number';
}
