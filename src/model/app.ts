/** What a manifest becomes: the precise, complete description every other folder works from. */
import type { Limits } from './limits.ts';

export type ContractName = 'weft' | 'stdio' | 'nightcore';

/** When a context returns to its snapshot: after each request, after each call, or not at all (state is kept). */
export type Rollback = 'request' | 'call' | 'never';

/** How a function's module comes to be. All paths are absolute. */
export type BuildSpec =
  | {
      readonly kind: 'sources';
      readonly sources: readonly string[];
      readonly includeDirs: readonly string[];
      readonly defines: readonly string[];
      readonly flags: readonly string[];
      readonly linkFlags: readonly string[];
      /** Static libraries (`.a` of wasm objects). */
      readonly libraries: readonly string[];
      readonly cStandard: 'c17' | 'c23';
      readonly cppStandard: 'c++20' | 'c++23';
      /** Size of the C stack, bytes. */
      readonly stackBytes: number;
    }
  | { readonly kind: 'wasm'; readonly path: string }
  | {
      readonly kind: 'cmake' | 'make';
      /** Folder of the CMakeLists.txt or Makefile. */
      readonly dir: string;
      readonly target: string;
      readonly args: readonly string[];
    };

/** nightcore's own switches, from its func_config.json (contract nightcore.md §2.3). */
export interface NightcoreOptions {
  readonly allowHttpGet: boolean;
  readonly qsAsInput: boolean;
}

/** What an engine needs to know of a function beside its module. */
export interface FunctionSettings {
  readonly name: string;
  readonly contract: ContractName;
  readonly rollback: Rollback;
  readonly limits: Limits;
  /** Environment granted to the function, and nothing else of the platform's. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Command-line arguments (`argv[1]…`) of a stdio program. */
  readonly args: readonly string[];
  /** Content type of a stdio answer; the request's own when absent, as the classic watchdog does. */
  readonly contentType?: string;
  /** Origins (`https://host[:port]`) that outbound HTTP may reach. */
  readonly origins: readonly string[];
  /** Contexts are freed after this long without a request; 0 = never. */
  readonly idleMs: number;
  /** Contexts made ready at deploy, per engine thread. */
  readonly warm: number;
  readonly nightcore?: NightcoreOptions;
}

/** A function as its author describes it. */
export interface FunctionSpec extends FunctionSettings {
  readonly build: BuildSpec;
  /** Read-only files packed with the function: guest path → absolute host path. */
  readonly files: Readonly<Record<string, string>>;
}

/** Functions that trust one operator and may be merged. */
export interface App {
  readonly name: string;
  readonly functions: readonly FunctionSpec[];
  /** Merge groups by function name; a function is in at most one. */
  readonly merge: readonly (readonly string[])[];
  /** Folder of the manifest, absolute: what a watcher watches. */
  readonly dir: string;
}

/** A function ready to be deployed: built, and its packed files read. */
export interface BundledFunction {
  readonly settings: FunctionSettings;
  /** As the toolchain wrote it (docs/guest-abi.md). */
  readonly wasm: Uint8Array<ArrayBuffer>;
  /** Guest path → content. */
  readonly files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
}

/** All that a deploy of an app needs, wherever it was built. */
export interface AppBundle {
  readonly app: string;
  readonly functions: readonly BundledFunction[];
  readonly merge: readonly (readonly string[])[];
}
