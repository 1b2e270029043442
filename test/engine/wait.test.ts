import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { guest } from './guests.ts';
import { TestEngine } from './harness.ts';

const ECHO = guest({ enter: '(call $answer (call $in) (call $length)) (i32.const 0)' });
/** Starts a call, waits for it, and asks the host for something else before it answers. */
const START_AND_WAIT = guest({
  imports: `
    (import "weft" "start" (func $start (param i32 i32 i32) (result i32)))
    (import "weft" "wait" (func $wait (param i32 i32 i32) (result i32)))
    (import "weft" "clock" (func $clock (param i32) (result f64)))`,
  enter: `
    (local.set $i (call $start (i32.const 1) (call $in) (call $length)))
    (local.set $n (call $wait (local.get $i) (i32.const 8192) (i32.const 4096)))
    (drop (call $clock (i32.const 0)))
    (call $answer (i32.const 8192) (local.get $n)) (i32.const 0)`,
});

let engine: TestEngine;
before(async () => {
  engine = await TestEngine.start();
});
after(() => engine.close());

test('waiting for a call that ended already gives its result, and the caller goes on as itself', async () => {
  await engine.deploy({ a: { wasm: START_AND_WAIT }, b: { wasm: ECHO } });
  const reply = await engine.call('a', 'hello');
  assert.deepEqual([reply.status, reply.body], [200, 'hello']);
});
