/** Puts the rewritten module together: the shape that docs/guest-abi.md promises. */
import type { Body } from './body.ts';
import { branchHints, writeCode } from './code.ts';
import { BULK, I32, OP } from './instructions.ts';
import { renumberNames } from './names.ts';
import { KIND, type Outline, SECTION, type Span } from './outline.ts';
import { bulkFunction, TYPE_OF_BULK } from './placement.ts';
import { LIMIT_GLOBAL, type StackChecks } from './stack-checks.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

export interface EmitPlan {
  readonly outline: Outline;
  readonly bodies: readonly Body[];
  /** Functions that begin with a check; absent: no checks at all. */
  readonly entries: ReadonlySet<number> | undefined;
  readonly toolchain: string;
  /** Where its address 0 is (placement.ts). */
  readonly base: number;
  /** What it may need of the stack, where it has less. */
  readonly stack: { readonly bytes: number; readonly checks: StackChecks } | undefined;
}

const ABI_VERSION = 1;
const INITIALIZE = '_initialize';
/** Types of functions that are added, behind those of the module. */
const TYPES = { interrupt: 0, initialize: 1, bulk: 2 } as const;
const ADDED_TYPES = [[0x60, 0, 1, 0x7f], [0x60, 0, 0], TYPE_OF_BULK];
const MEMORY_INIT = [0xfc, 0x08];
const PASSIVE = 1;
const NO_MAXIMUM = 0x00;
const SHARED_WITH_MAXIMUM = 0x03;
const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** The others hold offsets into code that has moved, or speak to a linker. */
const KEPT_CUSTOM_SECTIONS = new Set(['producers', 'target_features']);

export function emit(plan: EmitPlan): Uint8Array<ArrayBuffer> {
  const { outline } = plan;
  const interrupt = outline.importedFunctions.length;
  const renumber = (index: number): number => (index < interrupt ? index : index + 1);
  const patched = (section: number): Uint8Array | undefined => patchSites(outline, section, renumber);
  const initialize = initializer(outline, renumber, plan.base);
  const next = renumber(outline.importedFunctions.length + outline.functions.length) + initialize.bodies.length;
  const moved = plan.base === 0 ? undefined : { base: plan.base, copy: next, fill: next + 1 };
  const bulk = moved ? [bulkFunction(BULK.memoryCopy, plan.base), bulkFunction(BULK.memoryFill, plan.base)] : [];
  const added = [...initialize.bodies, ...bulk];
  const code = writeCode({
    bytes: outline.bytes,
    bodies: plan.bodies,
    renumber,
    entries: plan.entries,
    interrupt,
    added,
    moved,
    stack: plan.stack?.checks,
  });
  const out = new Writer(outline.bytes.length * 2).put(MAGIC_AND_VERSION);
  const put = (id: number, content: Uint8Array | undefined): void => {
    if (content) out.section(id, content);
  };

  put(SECTION.type, typeSection(outline));
  put(SECTION.import, importSection(outline));
  put(SECTION.function, functionSection(outline, [...initialize.types, ...bulk.map(() => outline.types.length + TYPES.bulk)]));
  put(SECTION.table, patched(SECTION.table));
  put(SECTION.tag, patched(SECTION.tag));
  put(SECTION.global, globalSection(patched(SECTION.global), plan.stack !== undefined));
  put(SECTION.export, exportSection(plan, initialize, renumber));
  put(SECTION.element, patched(SECTION.element));
  if (outline.data.length > 0) put(SECTION.dataCount, new Writer().u32(outline.data.length).view());
  if (code.branches.size > 0) put(SECTION.custom, branchHints(code.branches, interrupt + 1));
  if (plan.bodies.length + added.length > 0) put(SECTION.code, code.section);
  if (outline.data.length > 0) put(SECTION.data, dataSection(outline));
  for (const section of customSections(plan, renumber)) put(SECTION.custom, section);
  return out.view();
}

function contentOf({ bytes }: Outline, { start, end }: Span): Uint8Array {
  return bytes.subarray(start, end);
}

/** A vector with its count raised, without what stood before its first item. */
function extend(outline: Outline, section: number, count: number, added: number): Writer {
  const span = outline.sections.get(section);
  const out = new Writer().u32(count + added);
  if (!span) return out;
  const content = contentOf(outline, span);
  let first = 0;
  while ((content[first++] ?? 0) >= 0x80); // the old count, whatever its length
  return out.put(content.subarray(first));
}

function typeSection(outline: Outline): Uint8Array {
  return extend(outline, SECTION.type, outline.types.length, ADDED_TYPES.length).put(ADDED_TYPES.flat()).view();
}

function importSection(outline: Outline): Uint8Array {
  const kept = outline.imports.filter(({ kind }) => kind !== KIND.memory);
  const out = new Writer().u32(kept.length + 3);
  for (const span of kept) out.put(contentOf(outline, span));
  // Without a maximum, a memory of any maximum fits: the engine sets the function's limit.
  out
    .name('env')
    .name('memory')
    .byte(KIND.memory)
    .byte(NO_MAXIMUM)
    .u32(outline.memories[0]?.pages ?? 0);
  out.name('weft').name('control').byte(KIND.memory).byte(SHARED_WITH_MAXIMUM).u32(1).u32(1);
  out
    .name('weft')
    .name('interrupt')
    .byte(KIND.function)
    .u32(outline.types.length + TYPES.interrupt);
  return out.view();
}

/** With one more at its end, if there is a stack to look after. */
function globalSection(content: Uint8Array | undefined, limited: boolean): Uint8Array | undefined {
  if (!content || !limited) return content;
  const all = new Reader(content, 0, content.length);
  const count = all.u32();
  return new Writer(content.length + LIMIT_GLOBAL.length + 1)
    .u32(count + 1)
    .put(content.subarray(all.at))
    .put(LIMIT_GLOBAL)
    .view();
}

function exportSection(plan: EmitPlan, initialize: Initializer, renumber: (index: number) => number): Uint8Array {
  const { outline } = plan;
  const globals = mutableGlobals(plan);
  const kept = outline.exports.filter(({ name }) => initialize.index === undefined || name !== INITIALIZE);
  const out = new Writer().u32(kept.length + globals.length + (initialize.index === undefined ? 0 : 1));
  for (const { name, kind, index } of kept)
    out
      .name(name)
      .byte(kind)
      .u32(kind === KIND.function ? renumber(index) : index);
  globals.forEach(({ index }, n) => out.name(`weft_global_${n}`).byte(KIND.global).u32(index));
  if (initialize.index !== undefined) out.name(INITIALIZE).byte(KIND.function).u32(initialize.index);
  return out.view();
}

interface MutableGlobal {
  readonly index: number;
  readonly type: 'i32' | 'other';
}

function mutableGlobals({ outline: { globals, importedGlobals }, stack }: EmitPlan): MutableGlobal[] {
  const own = globals.flatMap(({ mutable, type }, i): MutableGlobal[] =>
    mutable ? [{ index: importedGlobals + i, type: type === I32 ? 'i32' : 'other' }] : [],
  );
  return stack ? [...own, { index: stack.checks.limit, type: 'i32' }] : own;
}

interface Initializer {
  /** What `_initialize` is to export; absent: the module is left as it is. */
  readonly index: number | undefined;
  /** Functions added to the module for it, and their types. */
  readonly bodies: readonly Uint8Array[];
  readonly types: readonly number[];
}

/**
 * A start function and data would come into each instance; they have to come once, before the snapshot that contexts start from. A
 * context that waits for its first request then takes none of the machine's memory for them. wasm-ld's start function
 * even clears the memory of zeroed variables, which in a new context are zero already.
 */
function initializer(outline: Outline, renumber: (index: number) => number, base: number): Initializer {
  const { start, exports, functions, importedFunctions } = outline;
  const initialize = exports.find(({ name }) => name === INITIALIZE);
  const loads = outline.data.some(({ offset }) => offset !== undefined);
  if (start === undefined && !loads) return { index: undefined, bodies: [], types: [] };
  const body = new Writer().u32(0);
  loadData(outline, body, base);
  for (const index of [start, initialize?.index]) if (index !== undefined) body.byte(OP.call).u32(renumber(index));
  const type = outline.types.length + TYPES.initialize;
  return { index: renumber(importedFunctions.length + functions.length), bodies: [body.byte(OP.end).view()], types: [type] };
}

function loadData(outline: Outline, body: Writer, base: number): void {
  outline.data.forEach(({ offset, content }, segment) => {
    if (!offset) return;
    body.put(contentOf(outline, offset));
    if (base > 0) body.byte(OP.i32Const).s32(base).byte(OP.i32Add);
    body.byte(OP.i32Const).byte(0);
    body.byte(OP.i32Const).s32(content.end - content.start);
    body.put(MEMORY_INIT).u32(segment).byte(0);
  });
}

function dataSection(outline: Outline): Uint8Array {
  const out = new Writer(outline.bytes.length).u32(outline.data.length);
  for (const { content } of outline.data) out.byte(PASSIVE).sized(contentOf(outline, content));
  return out.view();
}

function functionSection(outline: Outline, types: readonly number[]): Uint8Array | undefined {
  if (outline.functions.length + types.length === 0) return undefined;
  const out = extend(outline, SECTION.function, outline.functions.length, types.length);
  for (const type of types) out.u32(type);
  return out.view();
}

/** A section as it was, but for the functions it names. */
function patchSites(outline: Outline, section: number, renumber: (index: number) => number): Uint8Array | undefined {
  const span = outline.sections.get(section);
  if (!span) return undefined;
  const out = new Writer(span.end - span.start + 16);
  let copied = span.start;
  for (const { start, end, index } of outline.sites.get(section) ?? []) {
    out.put(outline.bytes.subarray(copied, start)).u32(renumber(index));
    copied = end;
  }
  return out.put(outline.bytes.subarray(copied, span.end)).view();
}

function* customSections(plan: EmitPlan, renumber: (index: number) => number): Generator<Uint8Array> {
  const { outline, entries, toolchain, base } = plan;
  for (const section of outline.customs) {
    if (section.name === 'name') {
      const names = renumberNames(outline.bytes, section, renumber);
      if (names) yield names;
    }
    if (KEPT_CUSTOM_SECTIONS.has(section.name)) yield new Writer().name(section.name).put(contentOf(outline, section)).view();
  }
  const globals = mutableGlobals(plan);
  const abi = {
    abi: ABI_VERSION,
    toolchain,
    checks: entries !== undefined,
    pages: outline.memories[0]?.pages ?? 0,
    base,
    globals: globals.map(({ type }) => type),
    ...stackOf(plan, globals),
  };
  yield new Writer()
    .name('weft.abi')
    .put(new TextEncoder().encode(JSON.stringify(abi)))
    .view();
}

function stackOf({ stack }: EmitPlan, globals: readonly MutableGlobal[]): object {
  if (!stack) return {};
  const { bytes, checks } = stack;
  const placeOf = (global: number): number => globals.findIndex(({ index }) => index === global);
  return { stack: { bytes, guard: checks.guardBytes, pointer: placeOf(checks.pointer), limit: placeOf(checks.limit) } };
}
