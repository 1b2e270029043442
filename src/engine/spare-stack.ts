/**
 * The spare stack. What a context can reach is wiped behind each request, and whoever recurs or calls through pointers (nearly all of C++) has
 * no limit to the stack that it may need, but mostly needs a few KiB of it. So where much was asked for, they are linked with little, from address 0 on, where a stack that is
 * used up ends in a trap. A request that ran directly then starts over (direct-runs.ts); and all that cannot start over run on
 * a stack as large as their author asked for, which the engine puts behind the rest of the memory, and whose end the code itself looks after
 * (docs/decisions/2026-11-28-spare-stack.md).
 */
import { WASM_PAGE_BYTES } from '../model/limits.ts';

export interface SpareStack {
  /** Indices among the module's globals: the stack's pointer, and the lowest that it may become. */
  readonly pointer: number;
  readonly limit: number;
  /** Of the whole, in pages: the stack on top of a guard. */
  readonly bytes: number;
  /** What a function may take unseen below the limit. */
  readonly guardBytes: number;
}

/** What a function sets its limit to when that was reached (src/toolchain/rewrite/stack-checks.ts). */
export const EXCEEDED = -1;

/** As the module's maker says (docs/guest-abi.md), with its globals as the engine counts them. */
export interface WantedStack extends Omit<SpareStack, 'bytes'> {
  readonly stackBytes: number;
}

/** @param room bytes that the function's memory may still grow by: a smaller stack is better than none */
export function planSpareStack({ pointer, limit, guardBytes, stackBytes }: WantedStack, room: number): SpareStack | undefined {
  const bytes = Math.min(Math.ceil((stackBytes + guardBytes) / WASM_PAGE_BYTES) * WASM_PAGE_BYTES, room);
  return bytes < 2 * guardBytes ? undefined : { pointer, limit, bytes, guardBytes };
}
