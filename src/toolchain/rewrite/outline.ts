/** What the rewriter must know of a module before it touches it; one pass over all sections but the code. */
import { isPrefix, OP, skipImmediates, skipPrefixed, skipValueType } from './instructions.ts';
import { Malformed, Reader } from './reader.ts';

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

export const KIND = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;
const KINDS = Object.values(KIND) as readonly number[];

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface CustomSection extends Span {
  readonly name: string;
}

export interface Import extends Span {
  readonly module: string;
  readonly name: string;
  readonly kind: number;
}

export interface Export {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

export interface Memory {
  readonly flags: number;
  readonly pages: number;
}

/** Where a function's index is written. */
export interface FunctionSite extends Span {
  readonly index: number;
}

export interface Global {
  readonly mutable: boolean;
  readonly type: number;
  /** What it begins with, where that is simply a number of 32 bits. */
  readonly initial: number | undefined;
}

/** A data segment; passive ones have no offset. */
export interface DataSegment {
  /** The constant expression, without its end. */
  readonly offset: Span | undefined;
  readonly content: Span;
}

export class Outline {
  readonly bytes: Uint8Array;
  /** Content of each section, by its id. */
  readonly sections = new Map<number, Span>();
  readonly customs: CustomSection[] = [];
  /** Types by index; two of the same text are the same type. */
  readonly types: string[] = [];
  readonly imports: Import[] = [];
  readonly importedFunctions: number[] = [];
  /** Types of the functions that the module defines. */
  readonly functions: number[] = [];
  readonly memories: Memory[] = [];
  importedGlobals = 0;
  /** Those that the module defines. */
  readonly globals: Global[] = [];
  readonly exports: Export[] = [];
  start: number | undefined;
  /** Indices of functions outside of the code: in tables, globals and element segments. */
  readonly sites = new Map<number, FunctionSite[]>();
  readonly bodies: Span[] = [];
  readonly data: DataSegment[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    const reader = new Reader(bytes, HEADER_BYTES);
    while (!reader.done) this.#section(reader);
  }

  #section(reader: Reader): void {
    const id = reader.byte();
    const length = reader.u32();
    const start = reader.at;
    reader.skip(length);
    const content = new Reader(this.bytes, start, reader.at);
    if (id === SECTION.custom) {
      const name = content.name();
      this.customs.push({ name, start: content.at, end: content.end });
      return;
    }
    this.sections.set(id, { start, end: reader.at });
    this.#parse(id, content);
  }

  #parse(id: number, content: Reader): void {
    switch (id) {
      case SECTION.type:
        return content.vector(() => this.#type(content));
      case SECTION.import:
        return content.vector(() => this.#import(content));
      case SECTION.function:
        return content.vector(() => this.functions.push(content.u32()));
      case SECTION.table:
        return content.vector(() => this.#table(content));
      case SECTION.memory:
        return content.vector(() => this.memories.push(memoryType(content)));
      case SECTION.global:
        return content.vector(() => this.#global(content));
      case SECTION.export:
        return content.vector(() => this.exports.push({ name: content.name(), kind: content.byte(), index: content.u32() }));
      case SECTION.start:
        this.start = content.u32();
        return;
      case SECTION.element:
        return content.vector(() => this.#element(content));
      case SECTION.code:
        return content.vector(() => this.#body(content));
      case SECTION.data:
        return content.vector(() => this.#data(content));
    }
  }

  #type(content: Reader): void {
    const start = content.at;
    if (content.byte() !== FUNCTION_TYPE) throw new Malformed('it defines types for garbage-collected objects');
    content.vector(() => skipValueType(content));
    content.vector(() => skipValueType(content));
    this.types.push(this.bytes.subarray(start, content.at).join());
  }

  #import(content: Reader): void {
    const start = content.at;
    const module = content.name();
    const name = content.name();
    const kind = content.byte();
    if (!KINDS.includes(kind)) throw new Malformed(`it imports ${module}.${name}, which is of a kind not known here`);
    if (kind === KIND.function) this.importedFunctions.push(content.u32());
    if (kind === KIND.table) tableType(content);
    if (kind === KIND.memory) this.memories.push(memoryType(content));
    if (kind === KIND.global) {
      globalType(content);
      this.importedGlobals++;
    }
    if (kind === KIND.tag) tagType(content);
    this.imports.push({ module, name, kind, start, end: content.at });
  }

  #table(content: Reader): void {
    const initialised = content.bytes[content.at] === TABLE_WITH_INITIAL_VALUE;
    if (initialised) content.skip(2);
    tableType(content);
    if (initialised) this.#constant(content, SECTION.table);
  }

  #global(content: Reader): void {
    const type = globalType(content);
    const start = content.at;
    this.#constant(content, SECTION.global);
    this.globals.push({ ...type, initial: this.#number({ start, end: content.at }) });
  }

  /** Core specification, 5.5.12: three flags make eight forms. */
  #element(content: Reader): void {
    const flags = content.u32();
    const passive = (flags & 1) !== 0;
    const explicit = (flags & 2) !== 0;
    const expressions = (flags & 4) !== 0;
    if (!passive && explicit) content.u32();
    if (!passive) this.#constant(content, SECTION.element);
    if (passive || explicit) skipElementType(content, expressions);
    content.vector(() => (expressions ? this.#constant(content, SECTION.element) : this.#site(content, SECTION.element)));
  }

  /** Core specification, 5.5.14. */
  #data(content: Reader): void {
    const flags = content.u32();
    const passive = (flags & 1) !== 0;
    if (!passive && (flags & 2) !== 0) content.u32();
    const start = content.at;
    if (!passive) this.#constant(content, SECTION.data);
    const offset = passive ? undefined : { start, end: content.at - 1 };
    const length = content.u32();
    this.data.push({ offset, content: { start: content.at, end: content.at + length } });
    content.skip(length);
  }

  #constant(content: Reader, section: number): void {
    for (;;) {
      const opcode = content.byte();
      if (opcode === OP.end) return;
      if (opcode === OP.refFunc) this.#site(content, section);
      else if (isPrefix(opcode)) skipPrefixed(content, opcode, content.u32());
      else skipImmediates(content, opcode);
    }
  }

  #number({ start, end }: Span): number | undefined {
    const reader = new Reader(this.bytes, start, end);
    if (reader.byte() !== OP.i32Const) return undefined;
    const value = reader.s32();
    return reader.at === end - 1 ? value : undefined;
  }

  #site(content: Reader, section: number): void {
    const start = content.at;
    const index = content.u32();
    const sites = this.sites.get(section) ?? [];
    sites.push({ index, start, end: content.at });
    this.sites.set(section, sites);
  }

  #body(content: Reader): void {
    const length = content.u32();
    const start = content.at;
    content.skip(length);
    this.bodies.push({ start, end: content.at });
  }
}

const HEADER_BYTES = 8;
const FUNCTION_TYPE = 0x60;
const TABLE_WITH_INITIAL_VALUE = 0x40;

function limits(content: Reader): Memory {
  const flags = content.byte();
  const pages = content.u32();
  if ((flags & LIMITS.maximum) !== 0) content.skipLeb();
  return { flags, pages };
}

export const LIMITS = { maximum: 1, shared: 2, wide: 4, pageSize: 8 } as const;

function memoryType(content: Reader): Memory {
  const memory = limits(content);
  if ((memory.flags & LIMITS.pageSize) !== 0) content.skipLeb();
  return memory;
}

function tagType(content: Reader): void {
  content.skip(1);
  content.skipLeb();
}

/** A type where expressions follow, a kind where indices do. */
function skipElementType(content: Reader, expressions: boolean): void {
  if (expressions) skipValueType(content);
  else content.skip(1);
}

function tableType(content: Reader): void {
  skipValueType(content);
  limits(content);
}

function globalType(content: Reader): { mutable: boolean; type: number } {
  const type = content.bytes[content.at] ?? 0;
  skipValueType(content);
  return { type, mutable: content.byte() === 1 };
}
