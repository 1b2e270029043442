/**
 * The spare stack. What a context can reach is wiped behind each request, and whoever recurs or calls through pointers (nearly all of C++) has
 * no limit to the stack that it may need, but mostly needs a few KiB of it. So where much was asked for, they are linked with little, from address 0 on, where a stack that is
 * used up ends in a trap. A request that ran directly then starts over (direct-runs.ts); and all that cannot start over run on
 * a stack as large as their author asked for, which the engine puts behind the rest of the memory, and whose end the code itself looks after
 * (docs/decisions/2026-11-28-spare-stack.md).
 */
import { WASM_PAGE_BYTES } from '../model/limits.ts';
import type { Growing, Growth } from './growth.ts';

export interface StackPlan {
  /** Indices among the module's globals: the stack's pointer, and the lowest that it may become. */
  readonly pointer: number;
  readonly limit: number;
  /** Of the whole, in pages: the stack on top of a guard. */
  readonly bytes: number;
  /** What a function may take unseen below the limit. */
  readonly guardBytes: number;
}

/** As the module's maker says (docs/guest-abi.md), with its globals as the engine counts them. */
export interface WantedStack extends Omit<StackPlan, 'bytes'> {
  readonly stackBytes: number;
}

/** @param room bytes that the function's memory may still grow by: a smaller stack is better than none */
export function planSpareStack({ pointer, limit, guardBytes, stackBytes }: WantedStack, room: number): StackPlan | undefined {
  const bytes = Math.min(Math.ceil((stackBytes + guardBytes) / WASM_PAGE_BYTES) * WASM_PAGE_BYTES, room);
  return bytes < 2 * guardBytes ? undefined : { pointer, limit, bytes, guardBytes };
}

/** What a function mostly allocates at the most while it is initialised. Where it is not written it takes nothing. */
export const INITIAL_HEAP_BYTES = 16 * 1024 * 1024;

/** What a function sets its limit to when that was reached (src/toolchain/rewrite/stack-checks.ts). */
const EXCEEDED = -1;

/** Whose stack it is: a context. */
interface Stacked extends Growing {
  readonly globals: readonly WebAssembly.Global[];
}

/** That of one context. All that changes it comes while none of the context's code runs. */
export class SpareStack {
  readonly #of: Stacked;
  readonly #growth: Growth;
  readonly #plan: StackPlan;
  /** Where it begins while frames lie there, and where the stack was before. */
  #at: number | undefined;
  #linkedTop = 0;
  #everUsed = false;

  constructor(of: Stacked, growth: Growth, plan: StackPlan) {
    this.#of = of;
    this.#growth = growth;
    this.#plan = plan;
  }

  /** Address; absent while it is not in use. */
  get at(): number | undefined {
    return this.#at;
  }

  /** Of the context's memory, what was added for it, and before it: like any other stack, most of it is never written, and takes nothing. */
  get addedBytes(): number {
    if (!this.#everUsed) return 0;
    return this.#plan.bytes + (this.#at === undefined ? 0 : Math.max(0, this.#at - this.#growth.end));
  }

  /** The code was ended because it was used up. */
  get exceeded(): boolean {
    return this.#limit.value === EXCEEDED;
  }

  /** Nothing lies behind it. */
  get isLast(): boolean {
    return this.#at !== undefined && this.#growth.end === this.#at + this.#plan.bytes && !this.#growth.byItself;
  }

  /**
   * Where all that the context has is its snapshot: what runs from now on has its frames there.
   * @param heapBytes room that is left before it for what that allocates, if there is so much
   * @returns false: there is no memory for it
   */
  use(heapBytes = 0): boolean {
    if (this.#at !== undefined) return true;
    const { bytes, guardBytes } = this.#plan;
    const start = this.#growth.take(heapBytes + bytes);
    if (start === 0) return heapBytes > 0 && this.use();
    const at = start + heapBytes;
    if (heapBytes > 0) this.#growth.giveBack(start);
    this.#linkedTop = this.#pointer.value as number; // an i32, as its plan says
    this.#at = at;
    this.#everUsed = true;
    this.#pointer.value = at + bytes;
    this.#limit.value = at + guardBytes;
    return true;
  }

  /** Back to the stack that the code was linked with, when nothing has run on this one. */
  giveBack(): void {
    const at = this.#at;
    if (at === undefined) return;
    this.#pointer.value = this.#linkedTop;
    this.#limit.value = 0;
    if (this.isLast) this.#growth.giveBack(at);
    this.#at = undefined;
  }

  /**
   * The same once the context is initialised, unless this is its stack from now on: because it has allocated what lies behind; or because it is a
   * program whose main goes on beside its requests, which run below its frames.
   * @returns the length of all memory that is worth keeping
   */
  leave(): number {
    const size = this.#of.bytes.length;
    const at = this.#at;
    if (at === undefined) return size;
    const inUse = (this.#pointer.value as number) >>> 0 !== at + this.#plan.bytes;
    if (inUse || this.#growth.byItself || (this.#growth.end > at && !this.isLast)) return size;
    this.giveBack();
    // Up to the end of a page, wherever in its first page address 0 is.
    return size - Math.floor((size - this.#growth.end) / WASM_PAGE_BYTES) * WASM_PAGE_BYTES;
  }

  /** The context was brought back to its snapshot, its globals among it. */
  reset(): void {
    this.#at = undefined;
  }

  get #pointer(): WebAssembly.Global {
    return this.#of.globals[this.#plan.pointer] as WebAssembly.Global; // planned for one of them
  }

  get #limit(): WebAssembly.Global {
    return this.#of.globals[this.#plan.limit] as WebAssembly.Global;
  }
}
