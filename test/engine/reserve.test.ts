/** Room for an input that does not fit the inbox: found by the guest while JavaScript waits for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guest, INBOX_CAPACITY } from './guests.ts';
import { TestEngine } from './harness.ts';

const ECHO = '(call $answer (call $in) (call $length)) (i32.const 0)';
const LARGE = 'x'.repeat(INBOX_CAPACITY * 4);

/** Calls function 0 with all it got, and answers its error as a failure. */
const CALLER = {
  imports:
    '(import "weft" "call" (func $call (param i32 i32 i32 i32 i32) (result i32))) (import "weft" "await_call" (func $await (param i32 i32) (result i32)))',
  enter: `(local.set $n (call $call (i32.const 0) (call $in) (call $length) (i32.const 32768) (i32.const 8192)))
    (if (i32.eq (local.get $n) (i32.const -100)) (then (local.set $n (call $await (i32.const 32768) (i32.const 8192)))))
    (if (i32.lt_s (local.get $n) (i32.const 0)) (then (return (i32.sub (i32.const 0) (local.get $n)))))
    (call $answer (i32.const 32768) (local.get $n)) (i32.const 0)`,
};

/** Looks at the interrupt word this often before it answers. */
const slowReserve = (times: number): string => `(local $i i32)
  (loop $l (call $check) (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${times}))))
  (i32.const 16384)`;

test('a time slice that ends while a guest looks for room ends nothing', async () => {
  const engine = await TestEngine.start();
  await engine.deploy({ slow: { wasm: guest({ enter: ECHO, reserve: slowReserve(4_000_000) }) }, caller: { wasm: guest(CALLER) } });
  for (let round = 0; round < 5; round++) {
    assert.equal((await engine.call('slow', LARGE)).body, LARGE);
    assert.equal((await engine.call('caller', LARGE)).body, LARGE);
  }
  await engine.close();
});

test('a guest that looks for room without end is ended soon, and its caller goes on', async () => {
  const engine = await TestEngine.start();
  await engine.deploy({
    endless: { wasm: guest({ enter: ECHO, reserve: '(loop $l (call $check) (br $l)) (unreachable)' }) },
    caller: { wasm: guest(CALLER) },
  });
  assert.equal((await engine.call('endless', LARGE)).status, 502);
  assert.match((await engine.call('caller', LARGE)).body, /"caller\\" failed: it returned 4/);
  assert.equal((await engine.call('endless', 'small')).body, 'small');
  await engine.close();
});

test('what a guest does while it looks for room, it does as itself', async () => {
  const engine = await TestEngine.start();
  const curious = guest({
    imports: '(import "weft" "secret" (func $secret (param i32 i32 i32 i32) (result i32)))',
    extra: '(data (memory $memory) (i32.const 4096) "key")',
    enter: '(call $answer (i32.const 8192) (i32.load $memory (i32.const 8200))) (i32.const 0)',
    reserve:
      '(i32.store $memory (i32.const 8200) (call $secret (i32.const 4096) (i32.const 3) (i32.const 8192) (i32.const 8))) (i32.const 16384)',
  });
  await engine.deploy({
    curious: { wasm: curious, spec: { secrets: { key: 'mine' } } },
    caller: { wasm: guest(CALLER), spec: { secrets: { key: 'theirs' } } },
  });
  assert.equal((await engine.call('caller', LARGE)).body, 'mine');
  await engine.close();
});

test('a guest that calls another while it looks for room may still take its time', async () => {
  const engine = await TestEngine.start();
  const calls = '(drop (call $call (i32.const 1) (i32.const 20000) (i32.const 2000) (i32.const 8192) (i32.const 4)))';
  await engine.deploy({
    slow: { wasm: guest({ ...CALLER, enter: ECHO, reserve: slowReserve(4_000_000).replace('(loop', `${calls} (loop`) }) },
    echo: { wasm: guest({ enter: ECHO }) },
  });
  for (let round = 0; round < 3; round++) assert.equal((await engine.call('slow', LARGE)).body, LARGE);
  await engine.close();
});
