/** What a context's scratch folder may hold. */

/** What a name and its node cost beside the contents: a bound on the host's own bookkeeping. */
export const NODE_BYTES = 512;

export class Quota {
  readonly limit: number;
  used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** False when there is not that much left; then nothing is taken. A negative count gives back. */
  take(bytes: number): boolean {
    if (this.used + bytes > this.limit) return false;
    this.used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.used -= bytes;
  }
}
