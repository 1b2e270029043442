/** Range (RFC 9110, section 14.1.2). Of several ranges, or of units that nobody knows, a server may take no notice: all is sent then. */
export interface ByteRange {
  readonly from: number;
  /** Behind the last byte. */
  readonly to: number;
}

export function parseRange(value: string, length: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(value.trim()) ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const count = Math.min(Number(last), length);
    return count === 0 ? 'unsatisfiable' : { from: length - count, to: length };
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return undefined;
  if (from >= length) return 'unsatisfiable';
  return { from, to: last === '' ? length : Math.min(Number(last) + 1, length) };
}
