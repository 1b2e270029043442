/** What a function hands to the host is not trusted: any import, any numbers, in any order. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { guest } from './guests.ts';
import { TestEngine, type TestFunction } from './harness.ts';

const RUNS = Number(process.env['WEFT_PROPERTY_RUNS'] ?? 150);

/** Parameters and result of each import, in the order by which scripts name them. */
const IMPORTS: Readonly<Record<string, readonly [params: string, result: '' | 'i32' | 'f64']>> = {
  resolve: ['i32 i32', 'i32'],
  call: ['i32 i32 i32 i32 i32', 'i32'],
  await_call: ['i32 i32', 'i32'],
  result: ['i32 i32 i32', 'i32'],
  start: ['i32 i32 i32', 'i32'],
  wait: ['i32 i32 i32', 'i32'],
  send: ['i32 i32 i32', 'i32'],
  await_send: ['', 'i32'],
  log: ['i32 i32 i32', ''],
  clock: ['i32', 'f64'],
  sleep: ['f64', 'i32'],
  random: ['i32 i32', ''],
  env: ['i32 i32 i32 i32', 'i32'],
  secret: ['i32 i32 i32 i32', 'i32'],
  fetch: ['i32 i32 i32 i32', 'i32'],
};
const NAMES = Object.keys(IMPORTS);
const WORDS = 6;

/** Input: steps of six words, the import and its arguments. Answers with the last result. */
const HOSTILE = guest({
  imports: NAMES.map((name) => {
    const [params, result] = IMPORTS[name] as [string, string];
    return `(import "weft" "${name}" (func $${name} (param ${params})${result === '' ? '' : ` (result ${result})`}))`;
  }).join('\n'),
  enter: `
    (local.set $i (call $in))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.add (call $in) (call $length))))
      (call $check)
      ${NAMES.map((name, index) => `(if (i32.eq (i32.load $memory (local.get $i)) (i32.const ${index})) (then ${invocation(name)}))`).join('\n')}
      (local.set $i (i32.add (local.get $i) (i32.const ${4 * WORDS})))
      (br $next)))
    (i32.store $memory (i32.const 8192) (local.get $n))
    (call $answer (i32.const 8192) (i32.const 4)) (i32.const 0)`,
});

function invocation(name: string): string {
  const [params, result] = IMPORTS[name] as [string, string];
  const words = params === '' ? [] : params.split(' ');
  const args = words.map((type, i) => {
    const word = `(i32.load $memory offset=${4 * (i + 1)} (local.get $i))`;
    // Sleeps of some microseconds, whichever way they are too long, too short or no number.
    return type === 'f64' ? `(f64.div (f64.convert_i32_s ${word}) (f64.const 1e9))` : word;
  });
  const call = `(call $${name} ${args.join(' ')})`;
  if (result === 'i32') return `(local.set $n ${call})`;
  return result === '' ? call : `(drop ${call})`;
}

const ECHO = guest({ enter: '(call $answer (call $in) (call $length)) (i32.const 0)' });
const TRAP = guest({ enter: '(unreachable)' });
const SLEEPY = guest({
  imports: '(import "weft" "sleep" (func $sleep (param f64) (result i32)))',
  enter: '(drop (call $sleep (f64.const 1))) (call $answer (call $in) (call $length)) (i32.const 0)',
});

const MEMORY_BYTES = 2 * 65_536;
/** Function ids, handles, levels; places in and around the memory; lengths of all kinds. */
const word = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -3, max: 6 }) },
  { weight: 3, arbitrary: fc.nat(MEMORY_BYTES) },
  { weight: 2, arbitrary: fc.integer({ min: MEMORY_BYTES - 64, max: MEMORY_BYTES + 64 }) },
  { weight: 2, arbitrary: fc.constantFrom(0x7fff_ffff, -0x8000_0000, -1, -64, 0x4000_0000, 1 << 16, 1024, 2048, 8192, 65_535) },
  { weight: 1, arbitrary: fc.integer() },
);
const step = fc.tuple(fc.nat(NAMES.length - 1), word, word, word, word, word);
const script = fc.array(step, { minLength: 1, maxLength: 12 });
const inputOf = (steps: readonly (readonly number[])[]): Uint8Array => new Uint8Array(Int32Array.from(steps.flat()).buffer);

for (const [how, merge] of Object.entries({ alone: [], 'in a group': [['hostile', 'echo', 'trap', 'sleepy', 'other']] })) {
  describe(`a hostile function ${how}`, () => {
    let engine: TestEngine;
    before(async () => {
      engine = await TestEngine.start();
      const spec: TestFunction['spec'] = { origins: ['http://127.0.0.1:9'], env: { HOME: 'x' }, secrets: { KEY: 'y' } };
      const limits = { memoryBytes: 4 * 65_536, deadlineMs: 5000 };
      const outcome = await engine.deploy(
        {
          hostile: { wasm: HOSTILE, spec, limits },
          echo: { wasm: ECHO, limits },
          trap: { wasm: TRAP, limits },
          sleepy: { wasm: SLEEPY, limits },
          other: { wasm: HOSTILE, spec, limits },
        },
        merge,
      );
      assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
    });
    after(() => engine.close());

    test('gets an answer or an error of the catalogue, and nobody else notices', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(script, { minLength: 1, maxLength: 3 }), async (scripts) => {
          const hostile = scripts.map((steps) => engine.call('hostile', inputOf(steps)));
          const witness = await Promise.all([engine.call('echo', 'witness'), engine.call('sleepy', 'witness')]);
          assert.deepEqual(
            witness.map((reply) => [reply.status, reply.body]),
            [
              [200, 'witness'],
              [200, 'witness'],
            ],
          );
          for (const { status, head, body } of await Promise.all(hostile)) {
            if (head.startsWith('Content-Type: application/json')) assert.match(body, /^\{"error":\{"code":"WEFT_/);
            else assert.ok(Number.isInteger(status));
          }
        }),
        { numRuns: RUNS },
      );
    });

    test('cannot make the host look for handles without end', async () => {
      const wait = NAMES.indexOf('wait');
      for (const handle of [0x7fff_ffff, 0x3fff_ffff, 100_000_000, -1, -0x8000_0000]) {
        const { status, bytes } = await engine.call('hostile', inputOf([[wait, handle, 0, 0, 0, 0]]));
        assert.deepEqual([status, Buffer.from(bytes).readInt32LE()], [200, -2]);
      }
    });
  });
}

test('handles and results of a function are not those of the function it calls', async () => {
  const engine = await TestEngine.start();
  const [call, result, start, wait] = ['call', 'result', 'start', 'wait'].map((name) => NAMES.indexOf(name)) as [
    number,
    number,
    number,
    number,
  ];
  /** Starts a call and makes one, has `inner` run its input, and answers with what that answered. */
  const outer = guest({
    imports: `
      (import "weft" "start" (func $start (param i32 i32 i32) (result i32)))
      (import "weft" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
      (import "weft" "await_call" (func $await (param i32 i32) (result i32)))`,
    enter: `
      (drop (call $start (i32.const 2) (i32.const 9000) (i32.const 5)))
      (drop (call $call (i32.const 2) (i32.const 9000) (i32.const 5) (i32.const 8192) (i32.const 4)))
      (local.set $n (call $call (i32.const 1) (call $in) (call $length) (i32.const 8192) (i32.const 4)))
      (if (i32.eq (local.get $n) (i32.const -100)) (then (drop (call $await (i32.const 8192) (i32.const 4)))))
      (call $answer (i32.const 8192) (i32.const 4)) (i32.const 0)`,
  });
  for (const merge of [[['outer', 'inner', 'echo']], []]) {
    await engine.deploy(
      { outer: { wasm: outer }, inner: { wasm: HOSTILE, spec: { origins: ['http://127.0.0.1:9'] } }, echo: { wasm: ECHO } },
      merge,
    );
    for (const [steps, expected] of [
      [[[wait, 0, 0, 0, 0, 0]], -2],
      [[[result, 8192, 0, 1, 0, 0]], -8],
      [
        [
          [call, 2, 9000, 5, 8192, 4],
          [call, 77, 0, 0, 0, 0],
          [result, 8192, 0, 1, 0, 0],
        ],
        -8,
      ],
      [[[start, 2, 9000, 5, 0, 0]], 0],
    ] as const) {
      const { bytes } = await engine.call('outer', inputOf(steps));
      assert.equal(Buffer.from(bytes).readInt32LE(), expected, JSON.stringify({ steps, merge }));
    }
  }
  await engine.close();
});
