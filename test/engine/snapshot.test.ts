/** Rollback as a property: whatever is written, grown or set, memory and globals are afterwards what they were. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { MAILBOX } from '../../src/engine/abi.ts';
import { compileRollback, linkRollback } from '../../src/engine/rollback.ts';
import { Snapshot } from '../../src/engine/snapshot.ts';
import { guest } from './guests.ts';
import { TestEngine } from './harness.ts';

const PAGE = 65_536;
const PAGES = 3;
const RUNS = Number(process.env['WEFT_PROPERTY_RUNS'] ?? 150);

interface Write {
  readonly at: number;
  readonly bytes: Uint8Array;
}

const write = (pages: number): fc.Arbitrary<Write> =>
  fc.record({
    // Blocks end at 4 KiB, memory at 64 KiB: what goes wrong goes wrong there.
    at: fc.oneof(
      fc.nat(pages * PAGE - 1),
      fc.nat(pages * 16 - 1).chain((block) => fc.integer({ min: -2, max: 2 }).map((near) => Math.max(0, block * 4096 + near))),
    ),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 9000 }),
  });

function put(memory: Uint8Array, { at, bytes }: Write): void {
  if (at < memory.length) memory.set(bytes.subarray(0, memory.length - at), at);
}

test('a snapshot restores memory and globals, and wipes what was added', () => {
  fc.assert(
    fc.property(
      fc.array(write(PAGES), { maxLength: 6 }),
      fc.array(write(PAGES + 2), { maxLength: 12 }),
      fc.nat(2),
      fc.constantFrom(0, 64, 45_056),
      fc.boolean(),
      fc.integer(),
      fc.integer(),
      (initial, later, grown, base, generated, first, second) => {
        const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES + 2 });
        const state = {
          memory,
          get bytes() {
            return new Uint8Array(memory.buffer, base);
          },
          globals: [
            new WebAssembly.Global({ value: 'i32', mutable: true }, first),
            new WebAssembly.Global({ value: 'i64', mutable: true }, BigInt(first)),
            new WebAssembly.Global({ value: 'f64', mutable: true }, first / 3),
          ],
        };
        for (const each of initial) put(state.bytes, each);
        const expected = state.bytes.slice();
        new Uint8Array(memory.buffer, 0, base).fill(1);
        const snapshot = new Snapshot(state, ['i32']);
        const rollBack = linkRollback(compileRollback([{ base, snapshot }]), [state]);
        memory.grow(grown);
        for (const each of later) put(state.bytes, each);
        for (const [i, value] of [second, BigInt(second), second / 7].entries()) (state.globals[i] as WebAssembly.Global).value = value;
        if (generated) {
          rollBack(1);
          snapshot.restoreRest(state);
        } else snapshot.restore(state);
        assert.ok(
          new Uint8Array(memory.buffer, 0, base).every((byte) => byte === 1),
          'what it cannot reach',
        );
        assert.ok(Buffer.compare(state.bytes.subarray(0, expected.length), expected) === 0, 'memory');
        assert.ok(
          state.bytes.subarray(expected.length).every((byte) => byte === 0),
          'added memory',
        );
        assert.deepEqual(
          state.globals.map((g) => g.value),
          [first, BigInt(first), first / 3],
        );
      },
    ),
    { numRuns: RUNS },
  );
});

test('a new instance filled from a snapshot has the memory it was taken of, whatever its data segments say', () => {
  fc.assert(
    fc.property(fc.array(write(PAGES), { maxLength: 6 }), fc.array(write(PAGES), { maxLength: 3 }), (writes, segments) => {
      const taken = new Uint8Array(PAGES * PAGE);
      for (const each of [...segments, ...writes]) put(taken, each);
      const fresh = { bytes: new Uint8Array(PAGES * PAGE), globals: [] };
      for (const each of segments) put(fresh.bytes, each);
      new Snapshot({ bytes: taken, globals: [] }).fill(fresh);
      assert.ok(Buffer.compare(fresh.bytes, taken) === 0);
    }),
    { numRuns: RUNS },
  );
});

test('a global is as it was at each request, whatever its module says of its type', async () => {
  const engine = await TestEngine.start();
  const extra = '(global $half (mut f64) (f64.const 0.5)) (export "weft_global_1" (global $half))';
  const enter = `(global.set $half (f64.add (global.get $half) (f64.const 1))) (f64.store $memory (i32.const 8192) (global.get $half))
    (call $answer (i32.const 8192) (i32.const 8)) (i32.const 0)`;
  const saying = (...globals: string[]): { wasm: Uint8Array } => ({ wasm: guest({ extra, enter, globals }) });
  try {
    await engine.deploy({ right: saying('i32', 'other'), silent: saying(), wrong: saying('i32', 'i32') });
    for (const name of ['right', 'silent', 'wrong']) {
      for (let i = 0; i < 40; i++) assert.equal(Buffer.from((await engine.call(name)).bytes).readDoubleLE(), 1.5, name);
    }
  } finally {
    await engine.close();
  }
});

test('what cannot be put back is refused, whatever a module calls it', async () => {
  const engine = await TestEngine.start();
  const enter = '(call $answer (i32.const 0) (i32.const 0)) (i32.const 0)';
  try {
    for (const extra of [
      '(global $fixed i32 (i32.const 1)) (export "weft_global_1" (global $fixed))',
      '(func $none) (export "weft_global_1" (func $none))',
    ]) {
      const outcome = await engine.deploy({ odd: { wasm: guest({ extra, enter }) } });
      assert.equal(outcome?.type === 'refused' && outcome.error.code, 'WEFT_MODULE_REFUSED', extra);
    }
  } finally {
    await engine.close();
  }
});

/** Input: pairs of words, each stored where it says; (-1, n) grows by n pages, (-2, n) sets the global. Without input, answers with its whole memory. */
const POKED = guest({
  pages: 2,
  init: '(i32.store $memory (i32.const 70000) (i32.const 0x12345678)) (i32.const 0)',
  enter: `
    (if (i32.eqz (call $length)) (then
      (i32.store $memory (i32.const 8192) (global.get $stack))
      (call $answer (i32.const 0) (i32.shl (memory.size $memory) (i32.const 16))) (return (i32.const 0))))
    (local.set $i (call $in))
    (local.set $n (i32.add (call $in) (call $length)))
    (loop $next
      (if (i32.eq (i32.load $memory (local.get $i)) (i32.const -1))
        (then (drop (memory.grow $memory (i32.load $memory offset=4 (local.get $i)))))
        (else (if (i32.eq (i32.load $memory (local.get $i)) (i32.const -2))
          (then (global.set $stack (i32.load $memory offset=4 (local.get $i))))
          (else (i32.store $memory (i32.load $memory (local.get $i)) (i32.load $memory offset=4 (local.get $i)))))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (call $answer (i32.const 0) (i32.const 0)) (i32.const 0)`,
});

describe('a function that pokes its memory at random', () => {
  let engine: TestEngine;
  before(async () => {
    engine = await TestEngine.start();
    await engine.deploy({
      poked: { wasm: POKED, limits: { memoryBytes: 8 * PAGE } },
      fresh: { wasm: POKED, limits: { memoryBytes: 8 * PAGE } },
    });
  });
  after(() => engine.close());

  test('leaves the next request the memory that a new one finds, though more of it', async () => {
    const fresh = (await engine.call('fresh')).bytes;
    const address = fc.oneof(
      { weight: 6, arbitrary: fc.nat(8 * PAGE) },
      { weight: 1, arbitrary: fc.constant(-1) },
      { weight: 1, arbitrary: fc.constant(-2) },
    );
    // Its input is where the engine puts it; from there on it may do as it likes, even to its mailbox.
    const pokes = fc.array(fc.tuple(address, fc.oneof(fc.nat(3), fc.integer())), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(pokes, async (words) => {
        await engine.call('poked', new Uint8Array(Int32Array.from(words.flat()).buffer));
        const { status, bytes } = await engine.call('poked');
        assert.equal(status, 200);
        const known = bytes.subarray(0, fresh.length);
        const more = bytes.subarray(fresh.length);
        // How much memory there is, the mailbox tells: as the length of this answer.
        const mailbox = new DataView(known.buffer, known.byteOffset + 1024);
        mailbox.setInt32(4 * MAILBOX.outBodyLength, fresh.length, true);
        assert.ok(Buffer.compare(known, fresh) === 0, 'memory');
        assert.ok(
          more.every((byte) => byte === 0),
          'added memory',
        );
      }),
      { numRuns: RUNS },
    );
  });
});
