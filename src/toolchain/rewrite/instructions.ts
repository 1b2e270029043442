/**
 * How long each instruction is: what follows its opcode. All that clang emits, and what other compilers do, but for
 * garbage-collected objects.
 */
import { Malformed, type Reader } from './reader.ts';

export const OP = {
  unreachable: 0x00,
  nop: 0x01,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  callRef: 0x14,
  returnCallRef: 0x15,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableSet: 0x26,
  i32Load: 0x28,
  i64Store32: 0x3e,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i32LessSigned: 0x48,
  i32GreaterUnsigned: 0x4b,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  refFunc: 0xd2,
  bulk: 0xfc,
  simd: 0xfd,
  atomic: 0xfe,
} as const;

/** A type of values. */
export const I32 = 0x7f;

/** The type of a block without result. */
export const VOID = 0x40;

/** Second part of the opcodes that begin with `OP.bulk`. */
export const BULK = {
  memoryInit: 8,
  dataDrop: 9,
  memoryCopy: 10,
  memoryFill: 11,
  tableInit: 12,
  elemDrop: 13,
  tableCopy: 14,
  tableGrow: 15,
  tableSize: 16,
  tableFill: 17,
} as const;

type Skip = (reader: Reader) => void;

const none: Skip = () => {};
const leb: Skip = (reader) => reader.skipLeb();
const twoLebs: Skip = (reader) => {
  reader.skipLeb();
  reader.skipLeb();
};
const bytes =
  (count: number): Skip =>
  (reader) =>
    reader.skip(count);

/** A reference type may be written with a heap type behind it. */
export function skipValueType(reader: Reader): void {
  const first = reader.byte();
  if (first === 0x63 || first === 0x64) reader.skipLeb();
}

function skipBlockType(reader: Reader): void {
  const first = reader.bytes[reader.at];
  if (first === 0x63 || first === 0x64) skipValueType(reader);
  else reader.skipLeb();
}

const MEMORY_INDEX_FLAG = 0x40;

/** What stands before the offset: alignment and, if it is not the first, the memory. */
export function skipToOffset(reader: Reader): void {
  if ((reader.u32() & MEMORY_INDEX_FLAG) !== 0) reader.skipLeb();
}

function skipMemoryOperand(reader: Reader): void {
  skipToOffset(reader);
  reader.skipLeb();
}

function skipMemoryOperandAndLane(reader: Reader): void {
  skipMemoryOperand(reader);
  reader.skip(1);
}

function skipBranchTable(reader: Reader): void {
  reader.vector(() => reader.skipLeb());
  reader.skipLeb();
}

function skipTryTable(reader: Reader): void {
  skipBlockType(reader);
  reader.vector(() => {
    const withTag = reader.byte() < 2;
    if (withTag) reader.skipLeb();
    reader.skipLeb();
  });
}

/** `[first, last, what follows]`, last included. */
type Row = readonly [number, number, Skip];

const PLAIN: readonly Row[] = [
  [0x00, 0x01, none],
  [0x02, 0x04, skipBlockType],
  [0x05, 0x05, none],
  [0x06, 0x06, skipBlockType],
  [0x07, 0x09, leb],
  [0x0a, 0x0b, none],
  [0x0c, 0x0d, leb],
  [0x0e, 0x0e, skipBranchTable],
  [0x0f, 0x0f, none],
  [0x10, 0x10, leb],
  [0x11, 0x11, twoLebs],
  [0x12, 0x12, leb],
  [0x13, 0x13, twoLebs],
  [0x14, 0x15, leb],
  [0x18, 0x18, leb],
  [0x19, 0x1b, none],
  [0x1c, 0x1c, (reader) => reader.vector(() => skipValueType(reader))],
  [0x1f, 0x1f, skipTryTable],
  [0x20, 0x26, leb],
  [0x28, 0x3e, skipMemoryOperand],
  [0x3f, 0x42, leb],
  [0x43, 0x43, bytes(4)],
  [0x44, 0x44, bytes(8)],
  [0x45, 0xc4, none],
  [0xd0, 0xd0, leb],
  [0xd1, 0xd1, none],
  [0xd2, 0xd2, leb],
  [0xd3, 0xd4, none],
  [0xd5, 0xd6, leb],
];

const BULK_ROWS: readonly Row[] = [
  [0, 7, none],
  [BULK.memoryInit, BULK.memoryInit, twoLebs],
  [BULK.dataDrop, BULK.dataDrop, leb],
  [BULK.memoryCopy, BULK.memoryCopy, twoLebs],
  [BULK.memoryFill, BULK.memoryFill, leb],
  [BULK.tableInit, BULK.tableInit, twoLebs],
  [BULK.elemDrop, BULK.elemDrop, leb],
  [BULK.tableCopy, BULK.tableCopy, twoLebs],
  [BULK.tableGrow, BULK.tableFill, leb],
  [19, 22, none],
];

const SIMD: readonly Row[] = [
  [0, 11, skipMemoryOperand],
  [12, 13, bytes(16)],
  [14, 20, none],
  [21, 34, bytes(1)],
  [35, 83, none],
  [84, 91, skipMemoryOperandAndLane],
  [92, 93, skipMemoryOperand],
  [94, 275, none],
];

const ATOMIC: readonly Row[] = [
  [0, 2, skipMemoryOperand],
  [3, 3, bytes(1)],
  [0x10, 0x4e, skipMemoryOperand],
];

function table(rows: readonly Row[]): readonly (Skip | undefined)[] {
  const skips: (Skip | undefined)[] = [];
  for (const [first, last, skip] of rows) for (let op = first; op <= last; op++) skips[op] = skip;
  return skips;
}

const plain = table(PLAIN);
const prefixed = new Map<number, readonly (Skip | undefined)[]>([
  [OP.bulk, table(BULK_ROWS)],
  [OP.simd, table(SIMD)],
  [OP.atomic, table(ATOMIC)],
]);

/** Moves behind what follows an opcode without a prefix. */
export function skipImmediates(reader: Reader, opcode: number): void {
  const skip = plain[opcode];
  if (!skip) throw unknown(reader, opcode.toString(16));
  skip(reader);
}

/** The same for the second part of an opcode with a prefix. */
export function skipPrefixed(reader: Reader, prefix: number, opcode: number): void {
  const skip = prefixed.get(prefix)?.[opcode];
  if (!skip) throw unknown(reader, `${prefix.toString(16)} ${opcode.toString(16)}`);
  skip(reader);
}

/** Whether an instruction with that prefix loads or stores, so that what follows ends with an offset. */
export function accessesMemory(prefix: number, opcode: number): boolean {
  return prefixed.get(prefix)?.[opcode] === skipMemoryOperand || accessesLane(prefix, opcode);
}

/** The same with the number of a lane behind the offset. */
export function accessesLane(prefix: number, opcode: number): boolean {
  return prefixed.get(prefix)?.[opcode] === skipMemoryOperandAndLane;
}

export const isPrefix = (opcode: number): boolean => prefixed.has(opcode);

function unknown(reader: Reader, opcode: string): Malformed {
  return new Malformed(`it uses the instruction 0x${opcode} (at byte ${reader.at}), which is not known here`);
}
