/** Sizes and durations as people write them. */

const SIZE_UNITS = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;
const DURATION_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** At most twelve digits before the point: what is larger is out of every range. */
export const SIZE_PATTERN = /^\d{1,12}(\.\d{1,6})? ?(B|KB|MB|GB|KiB|MiB|GiB)$/;
export const DURATION_PATTERN = /^\d{1,12}(\.\d{1,6})? ?(ms|s|m|h)$/;

export const SIZE_WORDS: readonly string[] = Object.keys(SIZE_UNITS);
export const DURATION_WORDS: readonly string[] = Object.keys(DURATION_UNITS);

/** Bytes, rounded. @param text matches SIZE_PATTERN */
export function parseSize(text: string): number {
  return parse(text, SIZE_UNITS);
}

/** Milliseconds, rounded. @param text matches DURATION_PATTERN */
export function parseDuration(text: string): number {
  return parse(text, DURATION_UNITS);
}

/** The largest unit in which it is a whole number. */
export function printSize(bytes: number): string {
  return print(bytes, SIZE_UNITS, ['GiB', 'MiB', 'KiB', 'B']);
}

export function printDuration(ms: number): string {
  return print(ms, DURATION_UNITS, ['h', 'm', 's', 'ms']);
}

function parse<U extends string>(text: string, units: Readonly<Record<U, number>>): number {
  const unit = text.replace(/^[\d. ]+/, '');
  const factor = isUnit(unit, units) ? units[unit] : Number.NaN;
  return Math.round(Number.parseFloat(text) * factor);
}

function isUnit<U extends string>(word: string, units: Readonly<Record<U, number>>): word is U {
  return Object.hasOwn(units, word);
}

function print<U extends string>(value: number, units: Readonly<Record<U, number>>, largestFirst: readonly U[]): string {
  const unit = largestFirst.find((name) => value % units[name] === 0 && value > 0) ?? largestFirst.at(-1);
  return unit === undefined ? String(value) : `${value / units[unit]}${unit}`;
}
