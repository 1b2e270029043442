/** Code of a switch that moves bytes from one context's memory to another's. Pointers are those of functions, which choose them. */
import { type Code, op } from './asm.ts';

/** A memory, and where in it address 0 of its function is. */
export interface Side {
  readonly memory: number;
  readonly base: number;
}

/** 1 when [pointer, pointer + length) is not wholly inside the memory. In 64 bits, where no sum of these overflows. */
export function outside({ memory, base }: Side, pointer: Code, length: Code): number[] {
  const end = [...pointer, ...op.extendU, ...length, ...op.extendU, ...op.add64, ...op.i64(BigInt(base)), ...op.add64];
  return [...end, ...op.memorySize(memory), ...op.extendU, ...op.i64(16n), ...op.shl64, ...op.gtU64]; // pages → bytes
}

/**
 * Copies exactly `local` bytes. 8 to 16 of them go as two overlapping words: memory.copy leaves generated code for a
 * C function, which costs more than the bytes do. None are nowhere: their pointers may be anything.
 */
export function copy(to: Side, toPtr: Code, from: Side, fromPtr: Code, local: number): number[] {
  const tail = [...op.get(local), ...op.i32(8), ...op.sub];
  return [
    ...op.get(local),
    ...op.i32(8),
    ...op.sub,
    ...op.i32(8),
    ...op.gtU,
    ...op.ifElse(
      [...op.get(local), ...op.if(copyBytes(to, toPtr, from, fromPtr, local))],
      [
        ...toPtr,
        ...fromPtr,
        ...op.load64(from.memory, from.base),
        ...op.store64(to.memory, to.base),
        ...toPtr,
        ...tail,
        ...op.add,
        ...fromPtr,
        ...tail,
        ...op.add,
        ...op.load64(from.memory, from.base),
        ...op.store64(to.memory, to.base),
      ],
    ),
  ];
}

/** `fromPtr` is known to be inside. */
export function copyBytes(to: Side, toPtr: Code, from: Side, fromPtr: Code, local: number): number[] {
  const source = from.base === 0 ? fromPtr : [...fromPtr, ...op.i32(from.base), ...op.add];
  if (to.base === 0) return [...toPtr, ...source, ...op.get(local), ...op.copy(to.memory, from.memory)];
  // An address beyond the memory must not come out at its beginning.
  const beyond = [...toPtr, ...op.i32(-to.base - 1), ...op.gtU, ...op.if(op.unreachable)];
  return [...beyond, ...toPtr, ...op.i32(to.base), ...op.add, ...source, ...op.get(local), ...op.copy(to.memory, from.memory)];
}
