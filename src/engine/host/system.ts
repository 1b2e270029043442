/** Log, clocks, random, environment, secrets, sleep. */
import { randomFillSync } from 'node:crypto';
import { CALL_ERROR } from '../abi.ts';
import { F64 } from '../asm.ts';
import type { Runtime } from '../runtime.ts';
import { bytesAt, caller, giveText, textAt } from './guest.ts';
import { suspending } from './suspending.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
/** A longer log line is cut. */
const MAX_LOG_BYTES = 8 * 1024;
/** The longest single timer; deadlines end a request long before. */
const MAX_SLEEP_MS = 0x7fff_ffff;

/** Nanoseconds; 0: since the Unix epoch, 1: monotonic. */
export const clockNs = (id: number): number => (id === 0 ? performance.timeOrigin + performance.now() : performance.now()) * 1e6;

export function sleep(runtime: Runtime, ms: number): Promise<number> {
  const chain = caller(runtime);
  const slept = chain.effect('sleep', () => ({ until: performance.now() + Math.max(0, ms) }));
  return runtime.suspend((resume) => wakeAt(slept.until, resume));
}

/** Never early, as POSIX promises: timers count whole milliseconds, from a time that may lie a little back. */
function wakeAt(until: number, resume: (value: number) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const rest = until - performance.now();
    if (rest > 0) timer = setTimeout(look, Math.min(Math.ceil(rest), MAX_SLEEP_MS));
    else setImmediate(resume, 0);
  };
  look();
  return () => clearTimeout(timer);
}

export function systemImports(runtime: Runtime): Record<string, unknown> {
  const lookup = (table: 'env' | 'secrets') => (name: number, length: number, out: number, capacity: number) => {
    const chain = caller(runtime);
    const values = chain.activeFunction.spec[table];
    const key = textAt(chain, name, length);
    return Object.hasOwn(values, key) ? giveText(chain, values[key] ?? '', out, capacity) : CALL_ERROR.notFound;
  };
  return {
    log: (level: number, text: number, length: number): void => {
      const chain = caller(runtime);
      const line = textAt(chain, text, Math.min(length >>> 0, MAX_LOG_BYTES));
      chain.effect('log', () => chain.version.log(chain.activeFunction, LEVELS[level] ?? 'info', line));
    },
    clock: (id: number): number => caller(runtime).effect('clock', () => clockNs(id)),
    random: (out: number, length: number): void => {
      const chain = caller(runtime);
      const target = bytesAt(chain, out, length);
      if (chain.journal) target.set(chain.effect('random', () => randomFillSync(new Uint8Array(length >>> 0))));
      else randomFillSync(target);
    },
    grow: (length: number): number => caller(runtime).context.grow(length >>> 0),
    env: lookup('env'),
    secret: lookup('secrets'),
    sleep: suspending(runtime, [F64], (ms) => sleep(runtime, ms)),
  };
}
