/** Arguments, environment, clocks, random, exit. */
import { randomFillSync } from 'node:crypto';
import type { Runtime } from '../../runtime.ts';
import { CLOCK, ERRNO, type Errno, MAX_RANDOM_BYTES } from './preview1.ts';
import { type WasiState, wasiOf } from './state.ts';
import type { StringBlock } from './string-block.ts';

/** What V8's clock resolves, nanoseconds. */
const RESOLUTION_NS = 1000;

export function processImports(runtime: Runtime): Record<string, unknown> {
  const sizes =
    (block: (state: WasiState) => StringBlock) =>
    (count: number, byteLength: number): Errno => {
      const state = wasiOf(runtime);
      const { memory } = state;
      const strings = block(state);
      memory.setU32(memory.region(count, 4), strings.count);
      memory.setU32(memory.region(byteLength, 4), strings.byteLength);
      return ERRNO.success;
    };
  const contents =
    (block: (state: WasiState) => StringBlock) =>
    (pointers: number, strings: number): Errno => {
      const state = wasiOf(runtime);
      block(state).copyTo(state.memory, pointers, strings);
      return ERRNO.success;
    };
  const args = (state: WasiState): StringBlock => state.args;
  const environment = (state: WasiState): StringBlock => state.environment;

  return {
    args_sizes_get: sizes(args),
    args_get: contents(args),
    environ_sizes_get: sizes(environment),
    environ_get: contents(environment),
    clock_res_get: (clock: number, result: number): Errno => {
      const { memory } = wasiOf(runtime);
      if (!isClock(clock)) return ERRNO.inval;
      memory.setU64(memory.region(result, 8), RESOLUTION_NS);
      return ERRNO.success;
    },
    clock_time_get: (clock: number, _precision: bigint, result: number): Errno => {
      const state = wasiOf(runtime);
      const { memory } = state;
      if (!isClock(clock)) return ERRNO.inval;
      memory.setU64(memory.region(result, 8), Math.floor(state.now(clock)));
      return ERRNO.success;
    },
    random_get: (target: number, length: number): Errno => {
      const { memory, chain } = wasiOf(runtime);
      if (length >>> 0 > MAX_RANDOM_BYTES) return ERRNO.inval;
      const bytes = memory.slice(target, length);
      if (chain.journal) bytes.set(chain.effect('random', () => randomFillSync(new Uint8Array(length))));
      else randomFillSync(bytes);
      return ERRNO.success;
    },
    sched_yield: (): Errno => ERRNO.success,
    /** C libraries put an `unreachable` behind the call: that trap unwinds, and the engine finds the code here. */
    proc_exit: (code: number): void => {
      // All that a process can tell whoever waits for it.
      wasiOf(runtime).exitCode = code & 0xff;
    },
  };
}

/** Processor time is not told: it would be the time of all functions of the thread. */
function isClock(clock: number): boolean {
  return clock === CLOCK.realtime || clock === CLOCK.monotonic;
}
