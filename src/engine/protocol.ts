/**
 * Messages between the control thread and an engine thread. Both run this very code, so the types are the schema;
 * nothing here crosses a process or a network.
 */
import type { FunctionSettings } from '../model/app.ts';
import type { ErrorCode, ErrorDetails } from '../model/errors.ts';

/** A function with what runs it, as its isolation wants: a module, a program, or (in a container) neither. */
export interface DeployedFunction {
  readonly spec: FunctionSettings;
  /** Compiled; shared between threads, not copied. */
  readonly module: WebAssembly.Module | undefined;
  /** Path of the native program or library, ready to be executed. */
  readonly program: string | undefined;
  /** Read-only files packed with the function: guest path → bytes (backed by shared memory). */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** All functions of an app at one version. Deploying is atomic: a thread serves the old version or this one, never a mix within a request. */
export interface AppVersion {
  readonly app: string;
  /** Grows with each deploy of the app. */
  readonly version: number;
  readonly functions: readonly DeployedFunction[];
  readonly merge: readonly (readonly string[])[];
}

export interface LogRecord {
  /** Unix time, milliseconds. */
  readonly time: number;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly app: string;
  readonly function: string;
  /** Engine thread, 0-based; what OpenFaaS calls an instance. */
  readonly thread: number;
  readonly text: string;
}

/** Counters of one function in one thread since the thread started. */
export interface FunctionMetrics {
  readonly app: string;
  readonly function: string;
  /** HTTP status → finished requests. */
  readonly byStatus: Readonly<Record<string, number>>;
  readonly started: number;
  /** Finished requests per duration bucket (not cumulative), one more than `DURATION_BUCKETS_S` has; then the sum. */
  readonly buckets: readonly number[];
  readonly seconds: number;
  readonly calls: number;
  readonly coldStarts: number;
  readonly rollbacks: number;
  readonly interrupts: number;
  readonly traps: number;
  readonly contextsLive: number;
  readonly contextsWaiting: number;
}

export interface ThreadMetrics {
  readonly thread: number;
  readonly functions: readonly FunctionMetrics[];
  /** Calls that went from context to context by a switch. */
  readonly switches: number;
}

/** What the ingress of one thread counted since the thread started; `open` is now. */
export interface IngressMetrics {
  open: number;
  accepted: number;
  /** Turned away because too many were open, or because the thread is closing. */
  turnedAway: number;
  requests: number;
  /** Requests the ingress itself answered with an error: status → count. */
  readonly refused: Record<string, number>;
  /** Connections cut off because the client took nothing of its answer, or went on sending after the last one. */
  cutOff: number;
}

export const DURATION_BUCKETS_S = [
  0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

/** A request that is not for a function (`/system/…`, `/healthz`, `/metrics`), handed to the control thread. */
export interface ControlRequest {
  readonly method: string;
  readonly target: string;
  /** Name, value, name, value … as received. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

/** `body` null: pieces follow as `control-piece`, until one with null. */
export interface ControlAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Uint8Array | null;
}

/** A WeftError on its way between threads. */
export interface ErrorMessage {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
}

export type ToThread =
  /** Open the port; sent once, when everything that was deployed before is being served. */
  | {
      readonly type: 'listen';
      readonly host: string;
      /** 0: any free one; the first thread's answer is then the port of all. */
      readonly port: number;
    }
  | { readonly type: 'deploy'; readonly version: AppVersion }
  | { readonly type: 'remove'; readonly app: string }
  /** 0 frees the function's contexts; n makes n ready. */
  | { readonly type: 'scale'; readonly function: string; readonly contexts: number }
  | { readonly type: 'metrics'; readonly id: number }
  | { readonly type: 'control-answer'; readonly id: number; readonly answer: ControlAnswer }
  | { readonly type: 'control-piece'; readonly id: number; readonly piece: Uint8Array | null }
  /** Stop accepting, let requests end for at most so long, then exit. */
  | { readonly type: 'close'; readonly drainMs: number }
  /** A call another engine thread sent here; answered on the port that came with it. */
  | { readonly type: 'peer'; readonly thread: number; readonly port: import('node:worker_threads').MessagePort };

export type FromThread =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'not-listening'; readonly error: ErrorMessage }
  /** Everything that ran was answered or cut off; the worker ends now. */
  | { readonly type: 'closed' }
  | { readonly type: 'deployed'; readonly app: string; readonly version: number }
  /** The version was refused (an init hook failed, an import is not granted); the old one goes on. */
  | {
      readonly type: 'refused';
      readonly app: string;
      readonly version: number;
      readonly error: ErrorMessage;
    }
  /** No request runs in versions of the app older than this any more. */
  | { readonly type: 'retired'; readonly app: string; readonly version: number }
  | { readonly type: 'metrics'; readonly id: number; readonly metrics: ThreadMetrics; readonly ingress: IngressMetrics }
  | { readonly type: 'log'; readonly records: readonly LogRecord[] }
  | { readonly type: 'control'; readonly id: number; readonly request: ControlRequest }
  /** The client of a streamed control answer hung up. */
  | { readonly type: 'control-closed'; readonly id: number };

/** What a worker is started with. */
export interface ThreadOptions {
  readonly thread: number;
  readonly threads: number;
  /** Listen on the shared port (SO_REUSEPORT), or on a local socket that the control thread hands connections to. */
  readonly listen: { readonly kind: 'reuse-port' } | { readonly kind: 'handed'; readonly path: string };
  /** One page of shared memory per thread; word 0 is the interrupt word (docs/guest-abi.md). */
  readonly controls: readonly WebAssembly.Memory[];
  /** Where what was built once is kept. */
  readonly cacheDir: string;
}
