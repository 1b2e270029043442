/** What a manifest becomes: the precise, complete description every other folder works from. */
import type { Limits } from './limits.ts';

export const CONTRACT_NAMES = ['weft', 'stdio', 'nightcore', 'functions-framework', 'fn', 'http'] as const;
export type ContractName = (typeof CONTRACT_NAMES)[number];

/** What keeps a function apart from all others: a memory of its own, a sandboxed process, or a container; files need nothing. */
export type Isolation = ContextIsolation | ProcessIsolation | ContainerIsolation | StaticIsolation;

export interface ContextIsolation {
  readonly kind: 'context';
}

export interface ProcessIsolation {
  readonly kind: 'process';
  /** strict: what the machine cannot give refuses the function. relaxed: it runs without, and its log says without what. */
  readonly sandbox: 'strict' | 'relaxed';
  /** none: a network with nothing in it but its own loopback. host: the machine's. */
  readonly network: 'none' | 'host';
  /** Folders of this machine that the function sees beside the read-only system. */
  readonly mounts: readonly Mount[];
  /** Where the program starts; absolute, as the function sees it. */
  readonly workDir: string;
  /** Where its HTTP server listens; absent when it is none, or is told by its contract. */
  readonly listen?: ListenAddress;
  readonly resources: Resources;
}

export interface ContainerIsolation {
  readonly kind: 'container';
  readonly image: string;
  /** In place of the image's own command. */
  readonly command?: readonly string[];
  /** Where its HTTP server listens, inside; absent when its contract needs none. */
  readonly port?: number;
  readonly network: 'none' | 'bridge';
  /** One that runs nothing is stopped in its tracks after so long; 0: never. As its contract is used to when absent. */
  readonly freezeMs?: number;
  readonly mounts: readonly Mount[];
  readonly resources: Resources;
}

/** Nothing runs: the files packed with the function are what it answers. */
export interface StaticIsolation {
  readonly kind: 'static';
  /** Folder of the packed files that is served; absolute, without a slash at its end. */
  readonly root: string;
}

export interface Mount {
  /** Absolute path on this machine. */
  readonly from: string;
  /** Absolute path that the function sees. */
  readonly to: string;
  readonly writable: boolean;
}

export type ListenAddress = { readonly kind: 'port'; readonly port: number } | { readonly kind: 'unix'; readonly path: string };

/** What one instance (process tree or container) may use beside `limits.memoryBytes`. */
export interface Resources {
  /** Processes and threads at once. */
  readonly processes: number;
  /** Processors' worth of time; 0 = no limit. */
  readonly cpus: number;
  /** Open files of each process. */
  readonly openFiles: number;
  /** Instances at once, in each engine thread; requests beyond wait for one. */
  readonly instances: number;
  /** GET of this path must answer 2xx before the instance gets requests; a connection is enough when absent. */
  readonly healthPath?: string;
}

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
      /** C++ name of the function with its namespaces, for contract functions-framework; absent when only a `main` can be meant. */
      readonly entry?: string;
    }
  | { readonly kind: 'wasm'; readonly path: string }
  /** A native program, or a native nightcore library (.so), that was built elsewhere. */
  | { readonly kind: 'executable'; readonly path: string }
  /** Nothing is built: the program is in an image. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'cmake' | 'make';
      /** Folder of the CMakeLists.txt or Makefile. */
      readonly dir: string;
      readonly target: string;
      readonly args: readonly string[];
      /** As with sources. */
      readonly entry?: string;
    };

/** nightcore's own switches, from its func_config.json (contract nightcore.md §2.3). */
export interface NightcoreOptions {
  readonly allowHttpGet: boolean;
  readonly qsAsInput: boolean;
}

/**
 * How a stdio program is run and what its end means: by Weft's own rules (plain), or exactly as another platform does it: OpenFaaS's
 * classic watchdog, two modes of its of-watchdog, and three formats of IronFunctions.
 */
export const STDIO_MODES = ['plain', 'classic', 'streaming', 'serializing', 'iron', 'iron-http', 'iron-json'] as const;
export type StdioMode = (typeof STDIO_MODES)[number];

export interface StdioOptions {
  readonly mode: StdioMode;
  /** Whether the request is in the environment; for plain and the watchdogs' modes. */
  readonly cgiHeaders: boolean;
  /** Whether standard error is part of the answer and not the log; for classic. */
  readonly combineOutput: boolean;
  /** Whether standard input is a JSON object with header and body; for classic. */
  readonly marshalRequest: boolean;
  /** Header fields of every answer, as IronFunctions' routes have them. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What an engine needs to know of a function beside its module. */
export interface FunctionSettings {
  readonly name: string;
  readonly contract: ContractName;
  readonly isolation: Isolation;
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
  /** For contract stdio; plain when absent. */
  readonly stdio?: StdioOptions;
}

/** A function as its author describes it. */
export interface FunctionSpec extends FunctionSettings {
  readonly build: BuildSpec;
  /** Read-only files packed with the function: guest path → absolute host path. */
  readonly files: Readonly<Record<string, string>>;
  /** What an operator's tools note; it changes nothing here. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Functions that trust one operator and may be merged. */
export interface App {
  readonly name: string;
  readonly functions: readonly FunctionSpec[];
  /** Merge groups by function name; a function is in at most one. */
  readonly merge: readonly (readonly string[])[];
  /** Folder of the manifest, absolute: what a watcher watches. */
  readonly dir: string;
  /** What its author should know: where something in another platform's manifest does something else here, or nothing. */
  readonly notes?: readonly string[];
}

/** A function ready to be deployed: built, and its packed files read. It has a module, an executable, or neither, as its isolation wants. */
export interface BundledFunction {
  readonly settings: FunctionSettings;
  /** A module as the toolchain wrote it (docs/guest-abi.md), for isolation context. */
  readonly wasm?: Uint8Array<ArrayBuffer>;
  /** A native program or library, for isolation process. */
  readonly executable?: Uint8Array<ArrayBuffer>;
  /** Guest path → content. */
  readonly files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** All that a deploy of an app needs, wherever it was built. */
export interface AppBundle {
  readonly app: string;
  readonly functions: readonly BundledFunction[];
  readonly merge: readonly (readonly string[])[];
}
