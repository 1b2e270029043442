/** From C and C++ sources to modules that the engine hosts. */
import type { FunctionSpec } from '../model/app.ts';
import type { Daemon } from './daemon/client.ts';

export { createBuilder } from './builder.ts';
export { ensureHost } from './native/host.ts';
export { findProgram } from './programs.ts';

/** `auto`: the system's clang where there is one that can do it, because it is faster; the embedded one otherwise. */
export type ToolchainChoice = 'embedded' | 'system' | 'auto';

/** How something came to be built. */
export interface BuildReport {
  /** SHA-256, hex, of everything that went in. */
  readonly key: string;
  /** Nothing was compiled. */
  readonly cached: boolean;
  /** As clang wrote them. */
  readonly warnings: string;
  /** What built it, with its version. */
  readonly toolchain: string;
  /** The files it was made from, absolute, the user's headers included: what a watcher watches. */
  readonly inputs: readonly string[];
}

export interface Artifact extends BuildReport {
  readonly wasm: Uint8Array<ArrayBuffer>;
}

export interface NativeArtifact extends BuildReport {
  readonly executable: Uint8Array<ArrayBuffer>;
}

export interface BuildOptions {
  /** Ends the compilation; `build` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (step: string) => void;
}

export interface Builder {
  /** Which toolchain was chosen. */
  readonly toolchain: string;
  /**
   * @throws WeftError WEFT_COMPILE_FAILED with what clang wrote; WEFT_COMPILE_TIMEOUT, WEFT_COMPILER_DIED, WEFT_TOOLCHAIN_MISSING,
   * WEFT_SOURCE_REFUSED, WEFT_FLAG_REFUSED, WEFT_MODULE_INVALID, WEFT_MODULE_UNSUPPORTED
   */
  build(fn: FunctionSpec, options?: BuildOptions): Promise<Artifact>;
  /** A native program, or for contract nightcore a library, by the system's compiler. @throws WeftError as `build` */
  buildNative(fn: FunctionSpec, options?: BuildOptions): Promise<NativeArtifact>;
  /** Makes the next build a warm one: starts the daemon, compiles the guest runtime. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

export interface BuilderOptions {
  /** Created when missing; may be shared by several processes. */
  readonly cacheDir: string;
  readonly toolchain: ToolchainChoice;
  /** Where compilers run: a process of its own, when absent. The builder closes it. */
  readonly daemon?: Daemon;
}
