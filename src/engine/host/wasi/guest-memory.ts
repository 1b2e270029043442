/**
 * The calling context's memory, for reading and writing structs. Pointers come from the guest: what lies outside ends the
 * function, as a trap would. Not aligned access is allowed, so it is a DataView.
 */
import type { Context } from '../../context.ts';

const TWO_32 = 0x1_0000_0000;

export class GuestMemory {
  readonly #context: Context;
  #bytes: Uint8Array;
  #view: DataView;

  constructor(context: Context) {
    this.#context = context;
    this.#bytes = context.bytes;
    this.#view = viewOf(this.#bytes);
  }

  /** Once at the start of a host call: the guest may have grown its memory, which detaches all views. */
  refresh(): void {
    const { bytes } = this.#context;
    if (bytes === this.#bytes) return;
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }

  /** Checks a region once, so that its fields can be accessed by `u32` and its like. Gives the pointer as unsigned. */
  region(pointer: number, length: number): number {
    const start = pointer >>> 0;
    if (start + length > this.#bytes.length) throw outside(start, length);
    return start;
  }

  slice(pointer: number, length: number): Uint8Array {
    const start = pointer >>> 0;
    const end = start + (length >>> 0);
    if (end > this.#bytes.length) throw outside(start, length >>> 0);
    return this.#bytes.subarray(start, end);
  }

  /** Everything, for copying without a view in between. Regions must have been checked. */
  get all(): Uint8Array {
    return this.#bytes;
  }

  u8(at: number): number {
    return this.#view.getUint8(at);
  }

  u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  u64(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }

  setU8(at: number, value: number): void {
    this.#view.setUint8(at, value);
  }

  setU16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }

  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** A number is written without the detour over a BigInt, which would cost an allocation. */
  setU64(at: number, value: number | bigint): void {
    if (typeof value === 'bigint') {
      this.#view.setBigUint64(at, value, true);
      return;
    }
    this.#view.setUint32(at, value % TWO_32, true);
    this.#view.setUint32(at + 4, value / TWO_32, true);
  }
}

function outside(start: number, length: number): RangeError {
  return new RangeError(`host call with memory outside the function: ${length} bytes at ${start}`);
}

/** A function need not begin where its memory does. */
const viewOf = ({ buffer, byteOffset, length }: Uint8Array): DataView => new DataView(buffer, byteOffset, length);
