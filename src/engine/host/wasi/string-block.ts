/** Arguments and environment in the form C wants them: strings that end in NUL, one behind the other, and a pointer to each. */
import type { GuestMemory } from './guest-memory.ts';

const POINTER_BYTES = 4;

export class StringBlock {
  readonly count: number;
  readonly #bytes: Uint8Array;

  constructor(strings: readonly string[]) {
    // A NUL cannot be told to C; such a string would be taken for two.
    const whole = strings.filter((s) => !s.includes('\0'));
    this.count = whole.length;
    this.#bytes = Buffer.from(whole.length === 0 ? '' : `${whole.join('\0')}\0`);
  }

  get byteLength(): number {
    return this.#bytes.length;
  }

  copyTo(memory: GuestMemory, pointers: number, strings: number): void {
    const bytes = this.#bytes;
    let pointer = memory.region(pointers, this.count * POINTER_BYTES);
    const start = memory.region(strings, bytes.length);
    memory.all.set(bytes, start);
    for (let at = 0; at < bytes.length; at = bytes.indexOf(0, at) + 1) {
      memory.setU32(pointer, start + at);
      pointer += POINTER_BYTES;
    }
  }
}
