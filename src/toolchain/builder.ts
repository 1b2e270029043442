/** A function as its author describes it → a module that the engine hosts. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { FunctionSpec } from '../model/app.ts';
import { WeftError } from '../model/errors.ts';
import { packAnnotated, unpackAnnotated } from './annotated.ts';
import { NativeBuilds, type NativeLinkable } from './native/build.ts';
import { readExecutable } from './native/executable.ts';
import { buildProject } from './projects/build.ts';
import { compileSources, type Linkable } from './build-sources.ts';
import { type Compiler, CompilerFailure } from './compiler.ts';
import { Daemon } from './daemon/client.ts';
import { embeddedCompiler } from './embedded.ts';
import { GuestRuntime } from './guest-runtime.ts';
import { FileHashes, hashOf, keyOf } from './hash.ts';
import type { Artifact, Builder, BuilderOptions, BuildOptions, NativeArtifact } from './index.ts';
import { type LinkDescription, readLinkDescription } from './link-description.ts';
import { Objects, type ObjectStore } from './objects.ts';
import { archiverOf } from './archiver.ts';
import { regularFile } from './regular-file.ts';
import { rewriterIdentity } from './rewriter-identity.ts';
import { Slots } from './slots.ts';
import type { SourcesSpec } from './source-jobs.ts';
import { Store } from './store.ts';
import { findSystemClang } from './system-clang.ts';
import { SystemCompiler } from './system.ts';
import { unpackSysroot } from './sysroot.ts';

/** docs/decisions/2026-11-25-toolchain.md: after clang's own -O2 it gains nothing, and takes seconds. */
const OPTIMIZE = false;
const BUILD_SECONDS = 600;
const MAX_MODULE_BYTES = 512 * 1024 * 1024;
/** What a save leads to, once, with nothing taken from the cache. */
const WARM_UP: SourcesSpec = {
  kind: 'sources',
  sources: [join(import.meta.dirname, 'warm-up.c')],
  includeDirs: [],
  defines: [],
  flags: [],
  linkFlags: [],
  libraries: [],
  cStandard: 'c17',
  cppStandard: 'c++20',
  stackBytes: 48 * 1024,
};
const NOTHING_KEPT: ObjectStore = {
  get: () => Promise.resolve(undefined),
  put: () => Promise.resolve(),
  getJson: () => Promise.resolve(undefined),
  putJson: () => Promise.resolve(),
};

/** @throws WeftError WEFT_TOOLCHAIN_MISSING when the system's clang was asked for and there is none */
export async function createBuilder({ cacheDir, toolchain, daemon = new Daemon() }: BuilderOptions): Promise<Builder> {
  const closing = new AbortController();
  const store = await Store.open(join(cacheDir, 'v1'));
  const slots = new Slots(availableParallelism());
  const compiler =
    toolchain === 'embedded' ? undefined : await systemCompiler(cacheDir, store, slots, toolchain === 'auto', closing.signal);
  return new Workshop({
    cacheDir,
    closing,
    store,
    daemon,
    slots,
    compiler: compiler ?? (await embeddedCompiler(daemon, store)),
    description: await readLinkDescription(),
    rewriter: await rewriterIdentity(),
  });
}

async function systemCompiler(
  cacheDir: string,
  store: Store,
  slots: Slots,
  optional: boolean,
  signal: AbortSignal,
): Promise<SystemCompiler | undefined> {
  try {
    const { clang, sysroot } = await findSystemClang(() => unpackSysroot(cacheDir), store, signal);
    return new SystemCompiler(clang, sysroot, store, slots);
  } catch (cause) {
    if (optional && cause instanceof WeftError && cause.code === 'WEFT_TOOLCHAIN_MISSING') return undefined;
    throw cause;
  }
}

interface Parts {
  readonly cacheDir: string;
  readonly closing: AbortController;
  readonly store: Store;
  readonly daemon: Daemon;
  readonly slots: Slots;
  readonly compiler: Compiler;
  readonly description: LinkDescription;
  readonly rewriter: string;
}

interface Running {
  readonly signal: AbortSignal;
  readonly onProgress: (step: string) => void;
}

class Workshop implements Builder {
  readonly toolchain: string;
  readonly #parts: Parts;
  readonly #objects: Objects;
  readonly #runtime: GuestRuntime;
  readonly #native: NativeBuilds;

  constructor(parts: Parts) {
    const { compiler, description, store, daemon, closing } = parts;
    const clang = compiler instanceof SystemCompiler ? compiler.clang : undefined;
    this.#parts = parts;
    this.toolchain = compiler.name;
    this.#objects = new Objects(compiler, store, new FileHashes());
    this.#runtime = new GuestRuntime(description, this.#objects, store, archiverOf(clang, daemon), closing.signal);
    this.#native = new NativeBuilds(parts);
  }

  async build(fn: FunctionSpec, options: BuildOptions = {}): Promise<Artifact> {
    return this.#run(fn, options, async (running) => this.#finish(await this.#linkable(fn, running), running));
  }

  async buildNative(fn: FunctionSpec, options: BuildOptions = {}): Promise<NativeArtifact> {
    if (fn.build.kind === 'executable') return readExecutable(fn.build.path);
    return this.#run(fn, options, async (running) => this.#finishNative(await this.#native.linkable(fn, running)));
  }

  /** The work with its time limited, and the compiler's refusal as an error of the catalogue. */
  async #run<T>(
    { name }: FunctionSpec,
    { signal, onProgress = () => {} }: BuildOptions,
    work: (running: Running) => Promise<T>,
  ): Promise<T> {
    const timeout = AbortSignal.timeout(BUILD_SECONDS * 1000);
    const any = AbortSignal.any([this.#parts.closing.signal, timeout, ...(signal ? [signal] : [])]);
    try {
      any.throwIfAborted();
      return await work({ signal: any, onProgress });
    } catch (cause) {
      if (timeout.aborted && cause === timeout.reason) {
        throw new WeftError('WEFT_COMPILE_TIMEOUT', { name, seconds: BUILD_SECONDS }, { cause });
      }
      if (!(cause instanceof CompilerFailure)) throw cause;
      throw new WeftError('WEFT_COMPILE_FAILED', { name, output: cause.output.trimEnd() }, { cause });
    }
  }

  async warmUp(): Promise<void> {
    const { daemon, compiler, closing, description } = this.#parts;
    const running = { signal: closing.signal, onProgress: () => {} };
    const objects = new Objects(compiler, NOTHING_KEPT, new FileHashes());
    const linkable = await compileSources({ compiler, daemon, objects, runtime: this.#runtime, description }, WARM_UP, 'weft', running);
    const { wasm, compact, stack } = await linkable.link();
    await daemon.instrument(wasm, { optimize: OPTIMIZE, toolchain: compiler.name, compact, stack }, closing.signal);
  }

  async close(): Promise<void> {
    const { closing, daemon, store } = this.#parts;
    closing.abort(new WeftError('WEFT_BUSY', { reason: 'the builder was closed' }));
    daemon.close();
    await store.close();
  }

  async #linkable({ build, contract }: FunctionSpec, running: Running): Promise<Linkable> {
    const { compiler, daemon, description, cacheDir } = this.#parts;
    switch (build.kind) {
      case 'sources':
        return compileSources({ compiler, daemon, objects: this.#objects, runtime: this.#runtime, description }, build, contract, running);
      case 'wasm':
        return readModule(build.path);
      case 'executable':
      case 'none':
        throw new TypeError(`a ${build.kind} is not made into a module`);
      case 'cmake':
      case 'make':
        return buildProject({ compiler, runtime: this.#runtime, description, cacheDir }, build, contract, running);
    }
  }

  /** Makes the linked module hostable, unless that was done before. */
  async #finish(linkable: Linkable, { signal, onProgress }: Running): Promise<Artifact> {
    const { store, compiler, daemon, rewriter } = this.#parts;
    const { inputs } = linkable;
    const key = keyOf('artifact', linkable.key, rewriter, compiler.name);
    const kept = await store.get(key);
    if (kept) {
      const { content, warnings } = unpackAnnotated(kept);
      return { wasm: content, warnings, key, cached: true, toolchain: compiler.name, inputs };
    }
    const { wasm: linked, warnings, compact, stack } = await linkable.link();
    onProgress('preparing');
    const wasm = await daemon.instrument(linked, { optimize: OPTIMIZE, toolchain: compiler.name, compact, stack }, signal);
    await store.put(key, packAnnotated(wasm, warnings));
    return { wasm, warnings, key, cached: false, toolchain: compiler.name, inputs };
  }

  /** Links it, unless that was done before. */
  async #finishNative(linkable: NativeLinkable): Promise<NativeArtifact> {
    const { store } = this.#parts;
    const { toolchain, inputs } = linkable;
    const key = keyOf('native artifact', linkable.key);
    const kept = await store.get(key);
    if (kept) {
      const { content, warnings } = unpackAnnotated(kept);
      return { executable: content, warnings, key, cached: true, toolchain, inputs };
    }
    const { executable, warnings } = await linkable.link();
    await store.put(key, packAnnotated(executable, warnings));
    return { executable: new Uint8Array(executable), warnings, key, cached: false, toolchain, inputs };
  }
}

async function readModule(path: string): Promise<Linkable> {
  const info = regularFile(path);
  if (!info) throw new WeftError('WEFT_SOURCE_REFUSED', { path, reason: 'there is no such file' });
  if (info.size > MAX_MODULE_BYTES)
    throw new WeftError('WEFT_SOURCE_REFUSED', { path, reason: `it is larger than ${MAX_MODULE_BYTES} bytes` });
  const wasm = await readFile(path);
  return { key: keyOf('wasm', hashOf(wasm)), inputs: [path], link: () => Promise.resolve({ wasm, warnings: '', compact: false }) };
}
