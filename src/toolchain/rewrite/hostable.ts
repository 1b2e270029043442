/** What the engine cannot host, refused with a reason before anything is rewritten. */
import { Unsupported } from './body.ts';
import { KIND, LIMITS, type Outline } from './outline.ts';

/** Codes of the number types. */
const I32_TO_F64 = { first: 0x7c, last: 0x7f };
/** A function type as the outline has it. */
const NOTHING_TO_NOTHING = [0x60, 0, 0].join();
const REFERENCES = new Set([0x70, 0x6f]);

/** @throws Unsupported */
export function ensureHostable(outline: Outline): void {
  ensureMemory(outline);
  ensureNotPrepared(outline);
  ensureGlobals(outline);
  ensureStart(outline);
}

function ensureMemory({ memories, imports }: Outline): void {
  if (memories.length > 1) throw new Unsupported('it has several memories; link it with one');
  const flags = memories[0]?.flags ?? 0;
  if ((flags & LIMITS.shared) !== 0) throw new Unsupported('it shares its memory with threads; build it without -pthread and -matomics');
  if ((flags & LIMITS.wide) !== 0) throw new Unsupported('it has a 64-bit memory; build it for wasm32, not wasm64');
  if ((flags & LIMITS.pageSize) !== 0) throw new Unsupported('it has a memory with pages of its own size; link it with pages of 64 KiB');
  const imported = imports.find(({ kind }) => kind === KIND.memory);
  if (!imported || (imported.module === 'env' && imported.name === 'memory')) return;
  throw new Unsupported(`it imports its memory as ${imported.module}.${imported.name}; only env.memory is there to import`);
}

function ensureNotPrepared({ customs, imports, exports }: Outline): void {
  const prepared =
    customs.some(({ name }) => name === 'weft.abi') || imports.some(({ module, name }) => module === 'weft' && name === 'interrupt');
  if (prepared) throw new Unsupported('Weft prepared it already; give the module that the linker wrote');
  const taken = exports.find(({ name }) => name.startsWith('weft_global_'));
  if (taken) throw new Unsupported(`it exports ${taken.name}, a name that Weft uses itself`);
}

/** A snapshot reads and restores them from JavaScript, which has no value for a vector. */
function ensureGlobals({ globals }: Outline): void {
  for (const { mutable, type } of globals) {
    const readable = (type >= I32_TO_F64.first && type <= I32_TO_F64.last) || REFERENCES.has(type);
    if (mutable && !readable) throw new Unsupported('it has a global variable of a type that a snapshot cannot hold, such as v128');
  }
}

/** It is run once, before the snapshot, behind the start function, which is of that type in every valid module. */
function ensureStart({ exports, functions, importedFunctions, types }: Outline): void {
  const initialize = exports.find(({ name }) => name === '_initialize');
  if (!initialize) return;
  const typeOf = (index: number): string | undefined => types[[...importedFunctions, ...functions][index] ?? -1];
  if (initialize.kind !== KIND.function || typeOf(initialize.index) !== NOTHING_TO_NOTHING) {
    throw new Unsupported('it exports an _initialize that takes or returns something; WASI reactors have one that does neither');
  }
}
