/** Why a function ended in the middle, as its log tells it. */

/** A switch that caught an exception does not know more of it. */
export const UNCAUGHT = 'an exception that nobody caught';

export const OUT_OF_STACK = 'stack overflow: it needs more than the stack that it has (stack: in the manifest)';

/** @param exit what it called exit() with, if it did */
export function trapReason(cause: unknown, exit: number | undefined): string {
  if (exit !== undefined) return `exit(${exit})`;
  if (cause instanceof WebAssembly.Exception) return UNCAUGHT;
  if (cause instanceof RangeError && /call stack/.test(cause.message)) return 'stack overflow';
  return cause instanceof Error ? cause.message : String(cause);
}
