/** Messages between the builder's process and its daemon, and between the daemon and its threads. Both sides run this very code. */
import type { ErrorCode, ErrorDetails } from '../../model/errors.ts';
import type { InstrumentOptions } from '../rewrite/index.ts';
import type { StackNeed } from '../rewrite/stack-need.ts';

/** Path inside the compiler's own file system → content. */
export type VirtualFiles = readonly (readonly [path: string, content: Uint8Array])[];

/**
 * The output that programs write when they are told this in place of a path. It costs less than a file, which the package makes anew
 * for each piece that is written to it.
 */
export const STDOUT = '-';

export type Task =
  /** Run one of LLVM's programs, compiled to WebAssembly, over files that are all in memory. */
  | { readonly kind: 'llvm'; readonly args: readonly string[]; readonly files: VirtualFiles; readonly outputs: readonly string[] }
  | ({ readonly kind: 'instrument'; readonly wasm: Uint8Array } & InstrumentOptions)
  | { readonly kind: 'stack-need'; readonly wasm: Uint8Array; readonly stackBytes: number };

/** What a program that ran to its end left, whether it succeeded or not. */
export interface LlvmResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** In the order of the task's `outputs`. */
  readonly outputs: readonly (Uint8Array | undefined)[];
}

export type TaskResult =
  | { readonly kind: 'llvm'; readonly result: LlvmResult }
  | { readonly kind: 'instrument'; readonly wasm: Uint8Array }
  | { readonly kind: 'stack-need'; readonly need: StackNeed }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly details: ErrorDetails }
  /** Something nobody foresaw; the thread that said so is not used again. */
  | { readonly kind: 'broken'; readonly reason: string };

export type ToDaemon =
  | { readonly type: 'run'; readonly id: number; readonly task: Task }
  | { readonly type: 'cancel'; readonly id: number };

export interface FromDaemon {
  readonly id: number;
  readonly result: TaskResult;
}
