/**
 * The process may hold only so many memory mappings (Linux: vm.max_map_count, 65,530 by default). Each context and each
 * suspended stack takes two. V8 ends the process when it cannot map a stack, so requests are refused well before.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const DEFAULT_MAX_MAPPINGS = 65_530;
/** For Node itself, libraries, other threads' heaps. */
const RESERVED_MAPPINGS = 8_000;
const MAPPINGS_PER_UNIT = 2;

/** Contexts and suspended stacks that one of `threads` engine threads may have. */
export function mappedUnitsPerThread(threads: number): number {
  return Math.floor((maxMappings() - RESERVED_MAPPINGS) / MAPPINGS_PER_UNIT / threads);
}

function maxMappings(): number {
  try {
    return Number(readFileSync('/proc/sys/vm/max_map_count', 'utf8'));
  } catch {
    return DEFAULT_MAX_MAPPINGS; // not Linux: no such limit is known, this one is far below what those systems allow
  }
}

export class Mappings {
  readonly #max: number;
  readonly #suspended: () => number;
  /** Memories not yet collected, whether their context still lives or not: what the kernel counts. */
  #memories = 0;
  readonly #collected = new FinalizationRegistry<undefined>(() => this.#memories--);

  constructor(max: number, suspended: () => number) {
    this.#max = max;
    this.#suspended = suspended;
  }

  track(memory: WebAssembly.Memory): void {
    this.#memories++;
    this.#collected.register(memory, undefined);
  }

  room(units: number): boolean {
    if (this.#fits(units)) return true;
    // Freed contexts may only await collection. Finalisers run in a later turn, so this helps the next request, not this one.
    this.#collect();
    return this.#fits(units);
  }

  describe(): string {
    return `${this.#memories} contexts and ${this.#suspended()} waiting requests in this thread, of ${this.#max} together`;
  }

  #fits(units: number): boolean {
    return this.#memories + this.#suspended() + units <= this.#max;
  }

  #lastCollection = 0;
  #collect(): void {
    const now = performance.now();
    if (now - this.#lastCollection < 1000) return;
    this.#lastCollection = now;
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
  }
}
