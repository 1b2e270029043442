/** Calls over to another engine thread when this one is busy: real threads, a real port. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { CONTRACTS } from '../../src/contracts/index.ts';
import { controlWords, createControl, PREEMPTED } from '../../src/engine/control.ts';
import type { FromThread } from '../../src/engine/protocol.ts';
import { EngineThread } from '../../src/engine/thread.ts';
import { DEFAULT_LIMITS } from '../../src/model/limits.ts';
import { bundle, settings } from '../admin/bundles.ts';
import { TestPlatform } from '../admin/harness.ts';
import { compiledFile } from './compiled.ts';
import { guest } from './guests.ts';
import { TestExchange } from './harness.ts';
import { WORKFLOWS } from './workflows.ts';

/** Keeps the thread busy that runs it, from before the rest of the script until long after. */
const BUSY = 'sk{k}';

const SPINNER_MS = 300;

describe('two engine threads', () => {
  let platform: TestPlatform;
  before(async () => {
    const wasm = await compiledFile('script.c');
    const limits = { ...DEFAULT_LIMITS, callDepth: 6, memoryBytes: 1024 * 1024, requestBytes: 200_000, responseBytes: 100_000 };
    const spinner = { ...limits, deadlineMs: SPINNER_MS };
    platform = await TestPlatform.start({ threads: 2 });
    const fn = (name: string) =>
      [name, { settings: settings(name, { limits: name === 'k' ? spinner : limits }), wasm, files: {} }] as const;
    await platform.platform.deploy(bundle('app', Object.fromEntries(['a', 'b', 'c', 'd', 'k'].map(fn))));
  });
  after(() => platform[Symbol.asyncDispose]());

  const spinnersEnd = () => new Promise((resolve) => setTimeout(resolve, SPINNER_MS + 100));

  /** The thread on which a function logged that; what is logged arrives a little later. */
  async function threadOf(name: string, text: string): Promise<number> {
    for (;;) {
      for await (const record of platform.platform.logs({ app: 'app', name })) if (record.text === text) return record.thread;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  // A function that a crowded machine held up for a slice makes its own thread busy; such a try shows nothing, and is made again.
  const TRIES = 40;

  test('a call goes over when its thread is busy and the other is idle', async () => {
    for (let i = 0; i < TRIES; i++) {
      const { body } = await platform.invoke('a', `lcaller${i};sk{lspinner${i};k}cb{lcallee${i};ex;}`);
      assert.equal(body, '(200 x)');
      const caller = await threadOf('a', `caller${i}`);
      const spinner = await threadOf('k', `spinner${i}`);
      if (spinner === caller) return assert.notEqual(await threadOf('b', `callee${i}`), caller);
      await spinnersEnd();
    }
    assert.fail(`the spinner went over each of ${TRIES} times`);
  });

  test('a call stays when its thread is not busy', async () => {
    for (let i = 0; i < TRIES; i++) {
      await spinnersEnd();
      assert.equal((await platform.invoke('c', `lcaller${i};cd{lcallee${i};ex;}`)).body, '(200 x)');
      if ((await threadOf('c', `caller${i}`)) === (await threadOf('d', `callee${i}`))) return;
    }
    assert.fail(`the call went over each of ${TRIES} times`);
  });

  for (const [name, script] of Object.entries(WORKFLOWS)) {
    test(`${name} is the same on one thread and on two`, async () => {
      const [alone, over] = [await platform.invoke('a', script), await platform.invoke('a', `${BUSY}${script}`)];
      assert.deepEqual({ ...over, body: over.body.replace('!5/0', '') }, { ...alone, body: alone.body.replace('!5/0', '') });
    });
  }
});

test('a call that ran over there and found no memory is not run here as well', async () => {
  const said: FromThread[] = [];
  const controls = [createControl(), createControl()];
  const [here, there] = [64_000_000, 1_000_000].map(
    (maxContextBytes, thread) =>
      new EngineThread({ thread, threads: 2, controls, contracts: CONTRACTS, maxContextBytes, report: (message) => said.push(message) }),
  ) as [EngineThread, EngineThread];
  const { port1, port2 } = new MessageChannel();
  here.peers.connect(1, port1);
  there.peers.connect(0, port2);
  port1.ref();
  const caller = guest({
    imports: `(import "weft" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
      (import "weft" "await_call" (func $await (param i32 i32) (result i32)))`,
    enter: `(local.set $n (call $call (i32.const 1) (i32.const 9000) (i32.const 0) (i32.const 8192) (i32.const 4)))
      (if (i32.eq (local.get $n) (i32.const -100)) (then (local.set $n (call $await (i32.const 8192) (i32.const 4)))))
      (i32.store $memory (i32.const 8200) (local.get $n)) (call $answer (i32.const 8200) (i32.const 4)) (i32.const 0)`,
  });
  const large = guest({
    imports: '(import "weft" "log" (func $log (param i32 i32 i32))) (import "weft" "sleep" (func $sleep (param f64) (result i32)))',
    extra: '(data (memory $memory) (i32.const 4096) "ran")',
    enter: `(call $log (i32.const 1) (i32.const 4096) (i32.const 3))
      (drop (memory.grow $memory (i32.const 20))) (drop (call $sleep (f64.const 5)))
      (call $answer (i32.const 8192) (i32.const 0)) (i32.const 0)`,
  });
  const functions = [
    ['caller', caller],
    ['large', large],
  ] as const;
  for (const thread of [here, there]) {
    const sources = functions.map(([name, wasm]) => ({
      module: new WebAssembly.Module(Uint8Array.from(wasm)),
      program: undefined,
      files: {},
      spec: settings(name),
    }));
    await thread.deploy({ app: 'app', version: 1, merge: [], functions: sources });
  }
  Atomics.store(controlWords(controls[0] as WebAssembly.Memory), PREEMPTED, 1); // as if some function spun here
  const exchange = new TestExchange();
  const route = here.route('caller');
  assert.ok(route);
  here.dispatch(route, exchange);
  const { bytes } = await exchange.reply;
  for (const thread of [here, there]) thread.flushLogs();
  const ran = said.flatMap((message) => (message.type === 'log' ? message.records : [])).filter(({ text }) => text === 'ran');
  assert.deepEqual([Buffer.from(bytes).readInt32LE(), ran.map(({ thread }) => thread)], [-7, [1]]);
  port1.close();
  await Promise.all([here.close(), there.close()]);
});
