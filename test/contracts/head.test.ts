/** What contracts read of a head, and print into one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { headerIn, headersOf } from '../../src/contracts/head.ts';
import { isoTime } from '../../src/contracts/iso-time.ts';

const NAME = fc.stringMatching(/^[a-zA-Z-]{1,8}$/);
const VALUE = fc.stringMatching(/^[ \ta-zA-Z0-9:,ä€-]{0,12}$/);

const headOf = (fields: readonly (readonly [string, string])[]): Buffer =>
  Buffer.from(['POST /function/f HTTP/1.1', ...fields.map(([name, value]) => `${name}:${value}`), ''].join('\r\n'));

test('one header is found as in the list of all', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(NAME, VALUE), { maxLength: 6 }), NAME, (fields, other) => {
      const head = headOf(fields);
      for (const name of [...fields.map(([name]) => name), other].map((name) => name.toLowerCase())) {
        const found = headersOf(head).find(([given]) => given.toLowerCase() === name)?.[1];
        assert.equal(headerIn(head, name), found);
      }
    }),
  );
});

test('the first of several counts, in whatever letters, and a call without a head has none', () => {
  const head = headOf([
    ['X-A', ' one '],
    ['x-a', 'two'],
    ['X-Ab', 'three'],
  ]);
  assert.deepEqual([headerIn(head, 'x-a'), headerIn(head, 'x-ab'), headerIn(head, 'x')], ['one', 'three', undefined]);
  assert.equal(headerIn(new Uint8Array(0), 'x-a'), undefined);
  assert.equal(headerIn(headOf([['X-A', 'one']]).subarray(0, -2), 'x-a'), 'one');
});

test('times are printed as Date prints them', () => {
  const now = performance.timeOrigin;
  fc.assert(
    fc.property(fc.double({ min: 0, max: 4e12, noNaN: true }), (at) => {
      const [first, again] = [isoTime(at - now), isoTime(at - now)];
      assert.equal(first, new Date(Math.round(now + (at - now))).toISOString());
      assert.equal(again, first);
    }),
  );
});
