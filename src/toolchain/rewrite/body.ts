/** Reads a function's code once and notes what the rewriter has to do in it. */
import { BULK, OP, skipImmediates, skipPrefixed, skipValueType } from './instructions.ts';
import type { Span } from './outline.ts';
import { Reader } from './reader.ts';

/** A place that is written anew: bytes from `start` to `end`. */
export type Edit =
  /** The index of a function. */
  | { readonly kind: 'function'; readonly start: number; readonly end: number; readonly index: number }
  /** The head of a loop: a check goes behind it. */
  | { readonly kind: 'loop'; readonly start: number; readonly end: number }
  /** An instruction to leave out. */
  | { readonly kind: 'omit'; readonly start: number; readonly end: number };

export interface Body extends Span {
  /** Where the instructions begin, behind the declarations of the locals. */
  readonly code: number;
  /** In the order in which they stand. */
  readonly edits: readonly Edit[];
  readonly calls: readonly number[];
  /** Types of the functions called through tables and references. */
  readonly indirectCalls: readonly number[];
  readonly addressesTaken: readonly number[];
}

/** An instruction that the platform cannot host, and why. */
export class Unsupported extends Error {}

const TABLE_CHANGES = new Set<number>([BULK.tableInit, BULK.elemDrop, BULK.tableCopy, BULK.tableGrow, BULK.tableFill]);

export function readBody(bytes: Uint8Array, { start, end }: Span): Body {
  const reader = new Reader(bytes, start, end);
  skipLocals(reader);
  const scan = new Scan(reader);
  const code = reader.at;
  while (!reader.done) scan.instruction();
  return { start, end, code, edits: scan.edits, calls: scan.calls, indirectCalls: scan.indirectCalls, addressesTaken: scan.addressesTaken };
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

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  instruction(): void {
    const reader = this.#reader;
    const start = reader.at;
    const opcode = reader.byte();
    switch (opcode) {
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

  #functionIndex(): number {
    const start = this.#reader.at;
    const index = this.#reader.u32();
    this.edits.push({ kind: 'function', start, end: this.#reader.at, index });
    return index;
  }

  #prefixed(start: number, prefix: number): void {
    const opcode = this.#reader.u32();
    if (prefix === OP.bulk && TABLE_CHANGES.has(opcode)) throw changesTable();
    skipPrefixed(this.#reader, prefix, opcode);
    // A context runs many requests with the same data segments: none may take one away from the next.
    if (prefix === OP.bulk && opcode === BULK.dataDrop) this.edits.push({ kind: 'omit', start, end: this.#reader.at });
  }
}

function changesTable(): Unsupported {
  return new Unsupported('it changes a function table while it runs, which rollback could not undo');
}
