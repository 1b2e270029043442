/** Reading and writing the memory of the function that called the host. A pointer outside ends the function, as a trap would. */
import type { Chain } from '../chain.ts';
import type { Runtime } from '../runtime.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The chain that called; host functions are called by nobody else. */
export function caller(runtime: Runtime): Chain {
  if (runtime.current === null) throw new TypeError('host function called outside a chain');
  return runtime.current;
}

export function bytesAt(chain: Chain, pointer: number, length: number): Uint8Array {
  const view = chain.context.view(pointer, length);
  if (!view) throw new RangeError(`host call with memory outside the function: ${length >>> 0} bytes at ${pointer >>> 0}`);
  return view;
}

export function textAt(chain: Chain, pointer: number, length: number): string {
  return decoder.decode(bytesAt(chain, pointer, length));
}

/** Copies as much as there is room for; gives the full length. */
export function give(chain: Chain, data: Uint8Array, out: number, capacity: number): number {
  const count = Math.min(data.length, capacity >>> 0);
  if (count > 0) bytesAt(chain, out, count).set(count < data.length ? data.subarray(0, count) : data);
  return data.length;
}

export function giveText(chain: Chain, text: string, out: number, capacity: number): number {
  return give(chain, encoder.encode(text), out, capacity);
}
