/** Reads a function's code once and notes what the rewriter has to do in it. */
import { Frame } from './frame.ts';
import { accessesLane, accessesMemory, BULK, OP, skipImmediates, skipPrefixed, skipToOffset, skipValueType } from './instructions.ts';
import type { Span } from './outline.ts';
import { Reader } from './reader.ts';

/** A place that is written anew: bytes from `start` to `end`. */
export type Edit =
  /** The index of a function. */
  | { readonly kind: 'function'; readonly start: number; readonly end: number; readonly index: number }
  /** The head of a loop: a check goes behind it. */
  | { readonly kind: 'loop'; readonly start: number; readonly end: number }
  /** The C stack's pointer is set. */
  | { readonly kind: 'pointer-set'; readonly start: number; readonly end: number }
  /** An instruction to leave out. */
  | { readonly kind: 'omit'; readonly start: number; readonly end: number }
  /** The constant offset of a load or store. */
  | { readonly kind: 'offset'; readonly start: number; readonly end: number; readonly offset: number }
  /** A whole instruction whose operands are addresses. */
  | {
      readonly kind: 'bulk';
      readonly start: number;
      readonly end: number;
      readonly opcode: typeof BULK.memoryCopy | typeof BULK.memoryFill;
    };

export type Access = Extract<Edit, { readonly kind: 'offset' | 'bulk' }>;

export interface Body extends Span {
  /** Where the instructions begin, behind the declarations of the locals. */
  readonly code: number;
  /** In the order in which they stand. */
  readonly edits: readonly Edit[];
  readonly calls: readonly number[];
  /** Types of the functions called through tables and references. */
  readonly indirectCalls: readonly number[];
  readonly addressesTaken: readonly number[];
  /** What it takes of the stack whose pointer was given; absent: no limit is known. */
  readonly frame: number | undefined;
  /** It grows its memory, looks how large that is, or loads data into it by itself. */
  readonly managesMemory: boolean;
}

export interface BodyOptions {
  /** The global that is the C stack's pointer. */
  readonly stackPointer?: number | undefined;
  /** Note where memory is accessed: most of all instructions do, and most modules are left as they are. */
  readonly accesses?: boolean;
}

/** An instruction that the platform cannot host, and why. */
export class Unsupported extends Error {}

const TABLE_CHANGES = new Set<number>([BULK.tableInit, BULK.elemDrop, BULK.tableCopy, BULK.tableGrow, BULK.tableFill]);

export function readBody(bytes: Uint8Array, { start, end }: Span, options: BodyOptions = {}): Body {
  const reader = new Reader(bytes, start, end);
  skipLocals(reader);
  const scan = new Scan(reader, options);
  const code = reader.at;
  while (!reader.done) scan.instruction();
  const { edits, calls, indirectCalls, addressesTaken, managesMemory } = scan;
  return { start, end, code, edits, calls, indirectCalls, addressesTaken, managesMemory, frame: scan.frame.bytes };
}

function skipLocals(reader: Reader): void {
  reader.vector(() => {
    reader.skipLeb();
    skipValueType(reader);
  });
}

class Scan {
  readonly #reader: Reader;
  readonly edits: Edit[] = [];
  readonly calls: number[] = [];
  readonly indirectCalls: number[] = [];
  readonly addressesTaken: number[] = [];
  readonly frame = new Frame();
  managesMemory = false;
  readonly #stackPointer: number | undefined;
  readonly #accesses: boolean;

  constructor(reader: Reader, { stackPointer, accesses = false }: BodyOptions) {
    this.#reader = reader;
    this.#stackPointer = stackPointer;
    this.#accesses = accesses;
  }

  instruction(): void {
    const reader = this.#reader;
    const start = reader.at;
    const opcode = reader.byte();
    if (this.#stackPointer !== undefined) this.#followStack(opcode, this.#stackPointer);
    if (opcode >= OP.i32Load && opcode <= OP.i64Store32) return this.#access();
    switch (opcode) {
      case OP.memorySize:
      case OP.memoryGrow:
        this.managesMemory = true;
        skipImmediates(reader, opcode);
        return;
      case OP.call:
      case OP.returnCall:
        this.calls.push(this.#functionIndex());
        return;
      case OP.refFunc:
        this.addressesTaken.push(this.#functionIndex());
        return;
      case OP.callIndirect:
      case OP.returnCallIndirect:
        this.indirectCalls.push(reader.u32());
        reader.skipLeb();
        return;
      case OP.callRef:
      case OP.returnCallRef:
        this.indirectCalls.push(reader.u32());
        return;
      case OP.loop:
        skipImmediates(reader, opcode);
        this.edits.push({ kind: 'loop', start, end: reader.at });
        return;
      case OP.globalSet:
        if (reader.u32() === this.#stackPointer) this.edits.push({ kind: 'pointer-set', start, end: reader.at });
        return;
      case OP.tableSet:
        throw changesTable();
      case OP.bulk:
      case OP.simd:
      case OP.atomic:
        this.#prefixed(start, opcode);
        return;
      default:
        skipImmediates(reader, opcode);
    }
  }

  /** Looks ahead only: the instruction is read after this. */
  #followStack(opcode: number, stackPointer: number): void {
    const { frame } = this;
    const ahead = new Reader(this.#reader.bytes, this.#reader.at, this.#reader.end);
    switch (opcode) {
      case OP.globalGet:
        return ahead.u32() === stackPointer ? frame.pointer() : frame.other();
      case OP.globalSet:
        return ahead.u32() === stackPointer ? frame.set() : frame.other();
      case OP.i32Const:
        return frame.constant(ahead.s32());
      case OP.i32Sub:
        return frame.subtract();
      case OP.i32Add:
        return frame.add();
      case OP.localSet:
        return frame.putAway(ahead.u32());
      case OP.localGet:
        return frame.fetch(ahead.u32());
      case OP.localTee:
        return; // the value stays
      case OP.loop:
        return frame.loop();
      default:
        return frame.other();
    }
  }

  #access(): void {
    const reader = this.#reader;
    skipToOffset(reader);
    const start = reader.at;
    const offset = reader.u32();
    if (this.#accesses) this.edits.push({ kind: 'offset', start, end: reader.at, offset });
  }

  #functionIndex(): number {
    const start = this.#reader.at;
    const index = this.#reader.u32();
    this.edits.push({ kind: 'function', start, end: this.#reader.at, index });
    return index;
  }

  #prefixed(start: number, prefix: number): void {
    const opcode = this.#reader.u32();
    if (accessesMemory(prefix, opcode)) {
      this.#access();
      if (accessesLane(prefix, opcode)) this.#reader.skip(1);
      return;
    }
    skipPrefixed(this.#reader, prefix, opcode);
    if (prefix === OP.bulk) this.#bulk(start, opcode);
  }

  #bulk(start: number, opcode: number): void {
    const end = this.#reader.at;
    if (TABLE_CHANGES.has(opcode)) throw changesTable();
    if (opcode === BULK.memoryInit) this.managesMemory = true;
    if (this.#accesses && (opcode === BULK.memoryCopy || opcode === BULK.memoryFill)) this.edits.push({ kind: 'bulk', start, end, opcode });
    // A context runs many requests with the same data segments: none may take one away from the next.
    if (opcode === BULK.dataDrop) this.edits.push({ kind: 'omit', start, end });
  }
}

function changesTable(): Unsupported {
  return new Unsupported('it changes a function table while it runs, which rollback could not undo');
}
