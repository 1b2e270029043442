/**
 * Entries: how the engine thread gets into a context. One generated module per thread calls through a table, so that a context
 * needs no wrapper of its own, and leaves the result in the ledger, so that a call which never waited is known to have
 * ended without looking at its promise.
 */
import { assemble, exportFunction, functionType, I32, importMemory, importTable, op } from './asm.ts';
import type { Ledger } from './ledger.ts';

/** Table places of one context. */
export const ENTER = 0;
export const RESERVE = 1;
export const START = 2;
const PLACES = 3;

/** Runs a table entry; the promise settles when it ended. The result is in the ledger at the given byte address. */
export type Entry = (place: number, argument: number, resultAddress: number) => Promise<number>;

/** The same on the stack that JavaScript runs on: whatever waits there throws. */
export type DirectEntry = (place: number, argument: number, resultAddress: number) => void;

export interface Entries {
  /** `weft_enter(kind)`. */
  readonly enter: Entry;
  /** `weft_init()`, whose result counts. */
  readonly init: Entry;
  /** `_initialize()` or `_start()`, which return nothing; the result is 0. */
  readonly start: Entry;
  readonly direct: { readonly enter: DirectEntry; readonly start: DirectEntry };
  readonly table: WebAssembly.Table;
  /** First place of a free triple in the table. */
  allocate(): number;
  release(place: number): void;
}

export function createEntries(ledger: Ledger): Entries {
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 3 * 64 });
  const instance = new WebAssembly.Instance(entryModule(), { e: { table, ledger: ledger.memory } });
  const free: number[] = [];
  let used = 0;
  const direct = (field: string): DirectEntry => instance.exports[field] as DirectEntry; // exported below
  const entry = (field: string): Entry => WebAssembly.promising(direct(field));
  return {
    enter: entry('enter'),
    init: entry('init'),
    start: entry('start'),
    direct: { enter: direct('enter'), start: direct('start') },
    table,
    allocate() {
      const reused = free.pop();
      if (reused !== undefined) return reused;
      const place = used;
      used += PLACES;
      if (used > table.length) table.grow(table.length);
      return place;
    },
    release(place) {
      for (let i = 0; i < PLACES; i++) table.set(place + i, null);
      free.push(place);
    },
  };
}

function entryModule(): WebAssembly.Module {
  const [withKind, withResult, bare, entry] = [0, 1, 2, 3];
  const store = (call: readonly number[]): number[] => [...op.get(2), ...call, ...op.store(0)];
  return new WebAssembly.Module(
    assemble({
      types: [functionType([I32], [I32]), functionType([], [I32]), functionType([], []), functionType([I32, I32, I32], [])],
      imports: [importTable('e', 'table'), importMemory('e', 'ledger')],
      functions: [
        { type: entry, i32s: 0, code: store([...op.get(1), ...op.get(0), ...op.callIndirect(withKind)]) },
        { type: entry, i32s: 0, code: store([...op.get(0), ...op.callIndirect(withResult)]) },
        { type: entry, i32s: 0, code: [...op.get(0), ...op.callIndirect(bare), ...store(op.i32(0))] },
      ],
      exports: [exportFunction('enter', 0), exportFunction('init', 1), exportFunction('start', 2)],
    }),
  );
}
