/**
 * How many contexts fit into the process, which all its threads share.
 *
 * V8 reserves 8 GiB of addresses for each memory, so that generated code needs no bounds checks: 16,365 fit into the 47 bits a process
 * has. Linux counts mappings as well (vm.max_map_count, 65,530 by default): a memory takes two, and so does a stack, of
 * which a context has at most one. V8 collects garbage again and again when it finds no room for a memory, and ends the process when it
 * finds none for a stack, so requests are refused well before.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CONTEXTS, controlWords } from './control.ts';

const MOST_MEMORIES = 15_500;
const DEFAULT_MAX_MAPPINGS = 65_530;
/** For Node itself, libraries, heaps. */
const RESERVED_MAPPINGS = 8_000;
const MAPPINGS_PER_CONTEXT = 4;
/** Between two collections: at least so long, and so many times as long as the last one took. */
const LEAST_REST_MS = 1000;
const REST_PER_COLLECTION = 20;

/** Contexts that the threads of a process may have together. */
export function mostContexts(): number {
  return Math.min(MOST_MEMORIES, Math.floor((maxMappings() - RESERVED_MAPPINGS) / MAPPINGS_PER_CONTEXT));
}

function maxMappings(): number {
  try {
    return Number(readFileSync('/proc/sys/vm/max_map_count', 'utf8'));
  } catch {
    return DEFAULT_MAX_MAPPINGS; // not Linux: no such limit is known, this one is far below what those systems allow
  }
}

export class AddressSpace {
  readonly #max: number;
  readonly #own: Int32Array;
  readonly #threads: readonly Int32Array[];
  /** Counts memories not yet collected, whether their context still lives or not: those take addresses. */
  readonly #collected: FinalizationRegistry<undefined>;
  #nextCollection = 0;

  /** `controls`: the page of each thread, where its number of memories stands for the others to see. */
  constructor(max: number, controls: readonly WebAssembly.Memory[], own: WebAssembly.Memory) {
    const words = controlWords(own);
    this.#max = max;
    this.#own = words;
    this.#threads = controls.map(controlWords);
    this.#collected = new FinalizationRegistry(() => Atomics.sub(words, CONTEXTS, 1));
    Atomics.store(words, CONTEXTS, 0); // what a thread had that stood here before has gone with it
  }

  track(memory: WebAssembly.Memory): void {
    Atomics.add(this.#own, CONTEXTS, 1);
    this.#collected.register(memory, undefined);
  }

  room(contexts: number): boolean {
    if (this.#used + contexts <= this.#max) return true;
    // Freed contexts may only await collection. Finalisers run in a later turn, so this helps the next request, not this one.
    this.#collect();
    return false;
  }

  describe(): string {
    return `${this.#used} contexts in this process, of ${this.#max}`;
  }

  get #used(): number {
    let used = 0;
    for (const words of this.#threads) used += Atomics.load(words, CONTEXTS);
    return used;
  }

  /** The more contexts there are, the longer it takes; a crowd of refused requests must not keep the thread at it. */
  #collect(): void {
    const begin = performance.now();
    if (begin < this.#nextCollection) return;
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    const end = performance.now();
    this.#nextCollection = end + Math.max(LEAST_REST_MS, REST_PER_COLLECTION * (end - begin));
  }
}
