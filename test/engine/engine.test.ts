import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { guest } from './guests.ts';
import { TestEngine } from './harness.ts';

/** Answers with its input. */
const ECHO = guest({ enter: '(call $answer (call $in) (call $length)) (i32.const 0)' });
const IMPORT_CALL = '(import "weft" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))';
const IMPORT_AWAIT = '(import "weft" "await_call" (func $await (param i32 i32) (result i32)))';
const IMPORT_SLEEP = '(import "weft" "sleep" (func $sleep (param f64) (result i32)))';
/** Calls function `id` with its input; answers with "<result>" as a byte of error (negated) or the result's bytes. */
const forward = (id: number, more = ''): Uint8Array =>
  guest({
    imports: `${IMPORT_CALL}${IMPORT_AWAIT}`,
    enter: `
      (local.set $n (call $call (i32.const ${id}) (call $in) (call $length) (i32.const 8192) (i32.const 4096)))
      (if (i32.eq (local.get $n) (i32.const -100)) (then (local.set $n (call $await (i32.const 8192) (i32.const 4096)))))
      (if (i32.lt_s (local.get $n) (i32.const 0)) (then
        (i32.store8 $memory (i32.const 8192) (i32.sub (i32.const 48) (local.get $n)))
        (local.set $n (i32.const 1))))
      ${more}
      (call $answer (i32.const 8192) (local.get $n)) (i32.const 0)`,
  });
const TRAP = guest({ enter: '(unreachable)' });
const FAIL = guest({ enter: '(i32.const 1)' });
const SPIN = guest({ enter: '(loop $l (call $check) (br $l)) (i32.const 0)' });
const SLEEPY = guest({
  imports: IMPORT_SLEEP,
  enter: '(drop (call $sleep (f64.const 20))) (call $answer (call $in) (call $length)) (i32.const 0)',
});
const RECURSE = guest({
  extra: '(func $r (param i32) (result i32) (i32.add (call $r (local.get 0)) (i32.const 1)))',
  enter: '(call $r (i32.const 1))',
});

let engine: TestEngine;
before(async () => {
  engine = await TestEngine.start();
});
after(() => engine.close());

test('a function answers with what it was given', async () => {
  await engine.deploy({ echo: { wasm: ECHO } });
  const reply = await engine.call('echo', 'hello');
  assert.deepEqual([reply.status, reply.body], [200, 'hello']);
});

test('an input larger than the inbox goes where weft_reserve says', async () => {
  await engine.deploy({ echo: { wasm: ECHO } });
  const body = 'x'.repeat(5000);
  assert.equal((await engine.call('echo', body)).body, body);
});

for (const merged of [false, true]) {
  const how = merged ? 'by a switch' : 'through the host';
  const merge = merged ? [['a', 'b', 'c']] : [];

  test(`a call ${how} gives the callee's answer`, async () => {
    await engine.deploy({ a: { wasm: forward(1) }, b: { wasm: ECHO }, c: { wasm: ECHO } }, merge);
    for (const text of ['', '1', '12345678', '0123456789abcdef', 'x'.repeat(3000)]) assert.equal((await engine.call('a', text)).body, text);
  });

  test(`a callee reached ${how} that traps, fails or overflows its stack is an error to its caller, which goes on`, async () => {
    for (const [callee, error] of [
      [TRAP, '4'],
      [FAIL, '3'],
      [RECURSE, '4'],
    ] as const) {
      await engine.deploy({ a: { wasm: forward(1) }, b: { wasm: callee }, c: { wasm: ECHO } }, merge);
      const reply = await engine.call('a', 'x');
      assert.deepEqual([reply.status, reply.body], [200, error]);
    }
  });

  test(`a callee reached ${how} that waits suspends its caller`, async () => {
    await engine.deploy({ a: { wasm: forward(1) }, b: { wasm: SLEEPY }, c: { wasm: ECHO } }, merge);
    const replies = await Promise.all(['p', 'q', 'r'].map((text) => engine.call('a', text)));
    assert.deepEqual(
      replies.map((r) => r.body),
      ['p', 'q', 'r'],
    );
  });

  test(`recursion ${how} ends at the depth limit with an error`, async () => {
    await engine.deploy({ a: { wasm: forward(1) }, b: { wasm: forward(0) }, c: { wasm: ECHO } }, merge);
    const reply = await engine.call('a', 'x');
    assert.deepEqual([reply.status, reply.body], [200, '6']);
  });

  test(`a callee reached ${how} that spins past its own deadline ends alone`, async () => {
    await engine.deploy({ a: { wasm: forward(1) }, b: { wasm: SPIN, limits: { deadlineMs: 50 } }, c: { wasm: ECHO } }, merge);
    const reply = await engine.call('a', 'x');
    assert.deepEqual([reply.status, reply.body], [200, '5']);
  });

  test(`functions that keep state contain a trap ${how} as well`, async () => {
    const never = { rollback: 'never' } as const;
    await engine.deploy({ a: { wasm: forward(1), spec: never }, b: { wasm: TRAP, spec: never }, c: { wasm: ECHO } }, merge);
    assert.equal((await engine.call('a', 'x')).body, '4');
    await engine.deploy({ a: { wasm: forward(1), spec: never }, b: { wasm: SLEEPY, spec: never }, c: { wasm: ECHO } }, merge);
    assert.equal((await engine.call('a', 'later')).body, 'later');
  });
}

test('a replay repeats no effect of the run before it', async () => {
  const logging = guest({
    imports: `${IMPORT_CALL}(import "weft" "log" (func $log (param i32 i32 i32)))(import "weft" "random" (func $random (param i32 i32)))`,
    enter: `
      (call $random (i32.const 9000) (i32.const 8))
      (i32.store8 $memory (i32.const 8999) (i32.const 65))
      (call $log (i32.const 1) (i32.const 8999) (i32.const 1))
      (drop (call $call (i32.const 1) (i32.const 9000) (i32.const 8) (i32.const 8192) (i32.const 8)))
      (drop (call $call (i32.const 2) (i32.const 9000) (i32.const 8) (i32.const 8192) (i32.const 8)))
      (drop (call $call (i32.const 1) (i32.const 9000) (i32.const 8) (i32.const 8192) (i32.const 8)))
      (i32.store $memory (i32.const 8200) (i64.eq (i64.load $memory (i32.const 8192)) (i64.load $memory (i32.const 9000))))
      (call $answer (i32.const 8200) (i32.const 4)) (i32.const 0)`,
  });
  const before = engine.logs.length;
  await engine.deploy({ a: { wasm: logging }, b: { wasm: TRAP }, c: { wasm: ECHO } }, [['a', 'b', 'c']]);
  const reply = await engine.call('a', 'x');
  assert.deepEqual([reply.status, reply.bytes[0]], [200, 1]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(engine.logs.slice(before).filter((l) => l.text === 'A').length, 1);
});

test('a function that spins ends with 504 at its deadline, and others are answered meanwhile', async () => {
  await engine.deploy({ spin: { wasm: SPIN, limits: { deadlineMs: 1500 } }, echo: { wasm: ECHO } });
  let spins = true;
  const spinning = engine.send('spin').reply.finally(() => {
    spins = false;
  });
  for (let i = 0; i < 10; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await engine.call('echo', 'x')).body, 'x');
  }
  assert.ok(spins, 'others were answered only after it');
  assert.equal((await spinning).status, 504);
});

test('a function that waits past its deadline is answered with 504', async () => {
  const forever = guest({ imports: IMPORT_SLEEP, enter: '(drop (call $sleep (f64.const 1e6))) (i32.const 0)' });
  await engine.deploy({ wait: { wasm: forever, limits: { deadlineMs: 60 } } });
  assert.equal((await engine.call('wait')).status, 504);
});

test('no byte of a request can be read by the next', async () => {
  const secret = guest({
    enter: `
      (if (call $length) (then
        (local.set $i (i32.const 8192))
        (loop $w (i32.store8 $memory (local.get $i) (i32.const 0x5e)) (local.set $i (i32.add (local.get $i) (i32.const 7)))
          (br_if $w (i32.lt_u (local.get $i) (i32.const 131072))))
        (global.set $stack (i32.const 0x5e5e5e5e))
        (call $answer (i32.const 0) (i32.const 0)) (return (i32.const 0))))
      (local.set $n (i32.eq (global.get $stack) (i32.const 0x5e5e5e5e)))
      (loop $s (local.set $n (i32.add (local.get $n) (i32.eq (i32.load8_u $memory (local.get $i)) (i32.const 0x5e))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $s (i32.lt_u (local.get $i) (i32.shl (memory.size $memory) (i32.const 16)))))
      (i32.store $memory (i32.const 8192) (local.get $n))
      (call $answer (i32.const 8192) (i32.const 4)) (i32.const 0)`,
  });
  await engine.deploy({ secret: { wasm: secret } });
  await engine.call('secret', 'write it');
  const found = new DataView((await engine.call('secret')).bytes.buffer, (await engine.call('secret')).bytes.byteOffset).getUint32(0, true);
  assert.equal(found, 0);
});

test('a new version takes over while requests end in the old one', async () => {
  await engine.deploy({ f: { wasm: SLEEPY } });
  const old = engine.send('f', 'old');
  await engine.deploy({
    f: {
      wasm: guest({
        enter: '(i32.store8 $memory (i32.const 8192) (i32.const 78)) (call $answer (i32.const 8192) (i32.const 1)) (i32.const 0)',
      }),
    },
  });
  assert.equal((await engine.call('f', 'x')).body, 'N');
  assert.equal((await old.reply).body, 'old');
});

test('a failing init hook refuses the version and the old one goes on', async () => {
  await engine.deploy({ f: { wasm: ECHO } });
  const refused = await engine.deploy({ f: { wasm: guest({ enter: '(i32.const 0)', init: '(i32.const 9)' }) } });
  assert.equal(refused?.type, 'refused');
  assert.equal((await engine.call('f', 'still')).body, 'still');
});
