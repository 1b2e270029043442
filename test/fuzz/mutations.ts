/** Mutations of given bytes. Few at a time, so that a good part of what comes out is still a module, though another one. */
import fc from 'fast-check';

type Edit = (bytes: Uint8Array, at: number) => Uint8Array;

/** Positions are given as a fraction, so that they shrink and fit modules of any size. */
export function mutations(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  // fast-check asks for the values before `before` hooks have made them, but draws from them only while it runs.
  return fc
    .tuple(fc.nat(), fc.array(fc.tuple(fc.double({ min: 0, max: 0.999_999, noNaN: true }), edit), { maxLength: 4 }))
    .map(([which, edits]): Uint8Array => {
      const seed = seeds[which % seeds.length] as Uint8Array;
      return edits.reduce<Uint8Array>(
        (bytes, [where, change]) => change(bytes, 8 + Math.floor(where * Math.max(0, bytes.length - 8))),
        seed.slice(),
      );
    });
}

const set =
  (value: number): Edit =>
  (bytes, at) => {
    if (at < bytes.length) bytes[at] = value;
    return bytes;
  };
const add =
  (delta: number): Edit =>
  (bytes, at) => {
    if (at < bytes.length) bytes[at] = (bytes[at] as number) + delta;
    return bytes;
  };
const insert =
  (more: Uint8Array): Edit =>
  (bytes, at) =>
    Uint8Array.from([...bytes.subarray(0, at), ...more, ...bytes.subarray(at)]);
const remove =
  (count: number): Edit =>
  (bytes, at) =>
    Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + count)]);
const repeat =
  (count: number): Edit =>
  (bytes, at) =>
    Uint8Array.from([...bytes.subarray(0, at + count), ...bytes.subarray(at)]);

const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(-1, 1, 0x40, 0x80).map(add) },
  { weight: 5, arbitrary: fc.nat(255).map(set) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 5 }).map(insert) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 8 }).map(remove) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }).map(repeat) },
);
