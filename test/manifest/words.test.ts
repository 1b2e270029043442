import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { nearest, quote } from '../../src/manifest/nearest.ts';
import { DURATION_PATTERN, parseDuration, parseSize, printDuration, printSize, SIZE_PATTERN } from '../../src/manifest/units.ts';

suite('the nearest word', () => {
  const words = ['sources', 'secrets', 'stack', 'std', 'env', 'wasm'];
  for (const [word, meant] of [
    ['souces', 'sources'],
    ['source', 'sources'],
    ['SECRETS', 'secrets'],
    ['sercets', 'secrets'],
    ['stakc', 'stack'],
    ['sdt', 'std'],
    ['enviroment', undefined],
    ['x', undefined],
    ['', undefined],
  ] as const) {
    test(`${word || 'nothing'} → ${meant ?? 'none'}`, () => assert.equal(nearest(word, words), meant));
  }

  test('a slip of one letter in a word of three or more is always recognised', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{3,12}$/), fc.nat(), fc.constantFrom('drop', 'double', 'swap', 'upper'), (word, at, slip) => {
        const place = at % word.length;
        const [before, letter, after] = [word.slice(0, place), word.charAt(place), word.slice(place + 1)];
        const typed = {
          drop: before + after,
          double: before + letter + letter + after,
          swap: before + after.slice(0, 1) + letter + after.slice(1),
          upper: before + letter.toUpperCase() + after,
        };
        assert.equal(nearest(typed[slip], [word]), word);
      }),
    );
  });
});

suite('words that are printed', () => {
  test('do not move the cursor, and are short', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (word) => {
        assert.doesNotMatch(quote(word), /\p{C}/u);
        assert.ok(quote(word.repeat(50)).length < 1000);
      }),
    );
    assert.equal(quote('a"\n\u202e\x9b'), '"a\\"\\n\\u{202e}\\u{9b}"');
  });
});

suite('sizes and durations', () => {
  for (const [text, bytes] of [
    ['0B', 0],
    ['64MiB', 67_108_864],
    ['512KB', 512_000],
    ['1.5 GiB', 1_610_612_736],
    ['0.1MB', 100_000],
  ] as const) {
    test(`${text} is ${bytes} bytes`, () => {
      assert.match(text, SIZE_PATTERN);
      assert.equal(parseSize(text), bytes);
    });
  }
  for (const [text, ms] of [
    ['500ms', 500],
    ['30s', 30_000],
    ['1.005s', 1005],
    ['2.5 m', 150_000],
    ['24h', 86_400_000],
  ] as const) {
    test(`${text} is ${ms} ms`, () => {
      assert.match(text, DURATION_PATTERN);
      assert.equal(parseDuration(text), ms);
    });
  }

  test('what is printed is read back', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999), (value) => {
        assert.match(printSize(value), SIZE_PATTERN);
        assert.equal(parseSize(printSize(value)), value);
        assert.equal(parseDuration(printDuration(value)), value);
      }),
    );
  });
});
