/** Bytes that are not WebAssembly as this reader knows it; the caller turns it into an error of the catalogue. */
export class Malformed extends Error {}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads the binary format of WebAssembly (core specification, chapter 5) without ever leaving its bytes. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined || this.at >= this.end) throw new Malformed(`it ends in the middle, at byte ${this.at}`);
    this.at++;
    return value;
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const next = this.byte();
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    throw new Malformed(`a number of more than 32 bits at byte ${this.at}`);
  }

  /** Signed LEB128 of at most 32 bits. */
  s32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const next = this.byte();
      value |= (next & 0x7f) << shift;
      if (next >= 0x80) continue;
      return shift < 28 && (next & 0x40) !== 0 ? value | (-1 << (shift + 7)) : value;
    }
    throw new Malformed(`a number of more than 32 bits at byte ${this.at}`);
  }

  /** Any LEB128, signed or not, of at most 64 bits. */
  skipLeb(): void {
    for (let i = 0; i < 10; i++) if (this.byte() < 0x80) return;
    throw new Malformed(`a number of more than 64 bits at byte ${this.at}`);
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw new Malformed(`it ends in the middle, at byte ${this.at}`);
    this.at += count;
  }

  name(): string {
    const length = this.u32();
    const start = this.at;
    this.skip(length);
    try {
      return utf8.decode(this.bytes.subarray(start, this.at));
    } catch (cause) {
      throw new Malformed(`a name at byte ${start} is not UTF-8`, { cause });
    }
  }

  /** Calls `each` as often as the count that stands here says. */
  vector(each: (index: number) => void): void {
    const count = this.u32();
    for (let i = 0; i < count; i++) each(i);
  }
}
