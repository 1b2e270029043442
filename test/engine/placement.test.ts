/** What a function and its log come to is the same whether it is merged with its caller or not: at the edges, by hand-written guests. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { Rollback } from '../../src/model/app.ts';
import { guest } from './guests.ts';
import { TestEngine, type TestFunction } from './harness.ts';

const IMPORTS = `(import "weft" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (import "weft" "await_call" (func $await (param i32 i32) (result i32)))
  (import "weft" "start" (func $start (param i32 i32 i32) (result i32)))
  (import "weft" "wait" (func $wait (param i32 i32 i32) (result i32)))
  (import "weft" "result" (func $result (param i32 i32 i32) (result i32)))
  (import "weft" "sleep" (func $sleep (param f64) (result i32)))
  (import "weft" "clock" (func $clock (param i32) (result f64)))
  (import "weft" "random" (func $random (param i32 i32)))
  (import "weft" "log" (func $log (param i32 i32 i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))`;
/** "abc" lies at 4112, and what fd_write wants to know of it at 4096. */
const TEXT = `(data (memory $memory) (i32.const 4096) "\\10\\10\\00\\00\\03\\00\\00\\00")
  (data (memory $memory) (i32.const 4112) "abc")`;
const PRINT = '(drop (call $write (i32.const 1) (i32.const 4096) (i32.const 1) (i32.const 4200)))';
const NUMBERS = 12_000;
/** Of its numbers. */
const answer = (count: number): string => `(call $answer (i32.const ${NUMBERS}) (i32.const ${count * 4})) (i32.const 0)`;
const ANSWER_TEXT = '(call $answer (i32.const 4112) (i32.const 3)) (i32.const 0)';

/** Calls by id, in the order of deploy; what comes back is number `k`. */
function callTo(id: number, { k = 0, length = 0, out = 8192, capacity = 64 } = {}): string {
  const room = `(i32.const ${out}) (i32.const ${capacity})`;
  return `(local.set $n (call $call (i32.const ${id}) (i32.const 20000) (i32.const ${length}) ${room}))
    (if (i32.eq (local.get $n) (i32.const -100)) (then (local.set $n (call $await ${room}))))
    (i32.store $memory (i32.const ${NUMBERS + 4 * k}) (local.get $n))`;
}

const fn = (enter: string, reserve?: string): Uint8Array =>
  guest({ imports: IMPORTS, extra: TEXT, enter, ...(reserve !== undefined && { reserve }) });

const TRAPS = fn('(unreachable)');

interface Seen {
  readonly status: number;
  readonly numbers: readonly number[];
  /** As `function: text`, sorted. */
  readonly logs: readonly string[];
  readonly traps: number;
  readonly rollbacks: number;
}

/** Asks the first function; all of them are merged, or none is. */
async function seen(functions: Readonly<Record<string, TestFunction>>, merged: boolean, inputs: readonly string[]): Promise<Seen[]> {
  const engine = await TestEngine.start({ maxContextBytes: 6_000_000 });
  try {
    const names = Object.keys(functions);
    const outcome = await engine.deploy(functions, merged ? [names.filter((name) => !name.startsWith('apart'))] : []);
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
    const all: Seen[] = [];
    for (const input of inputs) {
      const { status, bytes } = await engine.call(names[0] as string, input);
      await engine.quiet();
      const logs = engine.takeLogs().map((log) => `${log.function}: ${log.text}`);
      const numbers = status === 200 ? Array.from({ length: bytes.length >> 2 }, (_, k) => Buffer.from(bytes).readInt32LE(4 * k)) : [];
      const called = engine.thread.metrics().functions.find((f) => f.function === names[1]);
      all.push({ status, numbers, logs: logs.toSorted(), traps: called?.traps ?? -1, rollbacks: called?.rollbacks ?? -1 });
    }
    return all;
  } finally {
    await engine.close();
  }
}

const PLACES = [
  ['merged', true],
  ['apart', false],
] as const;
const ROLLBACKS: readonly Rollback[] = ['request', 'call', 'never'];

for (const [place, merged] of PLACES) {
  describe(place, () => {
    test('what a callee got from its own calls is not for its caller', async () => {
      const curious = fn(`${callTo(1)}
        (drop (call $call (i32.const 3) (i32.const 20000) (i32.const 0) (i32.const 8192) (i32.const 4))) ;; which nobody waits for
        (i32.store $memory (i32.const ${NUMBERS}) (call $result (i32.const 8192) (i32.const 0) (i32.const 3))) ${answer(1)}`);
      const functions = {
        curious: { wasm: curious },
        between: { wasm: fn(`${callTo(2)} (call $answer (i32.const 8192) (i32.const 0)) (i32.const 0)`) },
        apartSecret: { wasm: fn(ANSWER_TEXT) },
        apartSlow: { wasm: fn(`(drop (call $sleep (f64.const 20))) ${ANSWER_TEXT}`) },
      };
      assert.deepEqual((await seen(functions, merged, ['']))[0]?.numbers, [-8]);
    });

    for (const [what, reserve, error] of [
      ['traps', '(unreachable)', -4],
      ['takes for ever', '(loop $l (call $check) (br $l)) (unreachable)', -5],
    ] as const) {
      test(`a callee that ${what} while it looks for room costs its caller nothing that it keeps`, async () => {
        const keeps = fn(`(i32.store $memory (i32.const 12004) (i32.add (i32.load $memory (i32.const 12004)) (i32.const 1)))
          ${callTo(1, { length: 4096 })} ${answer(2)}`);
        const functions = {
          keeps: { wasm: keeps, spec: { rollback: 'never' as const } },
          crowded: { wasm: fn(ANSWER_TEXT, reserve), limits: { deadlineMs: 200 } },
        };
        assert.deepEqual(
          (await seen(functions, merged, ['', '', ''])).map(({ status, numbers }) => [status, ...numbers]),
          [1, 2, 3].map((count) => [200, error, count]),
        );
      });
    }

    test('a callee that looks for room in peace gets what it is sent, where state is kept', async () => {
      const long = fn(`${callTo(1, { length: 4096 })} ${answer(1)}`);
      const echo = fn('(call $answer (call $in) (call $length)) (i32.const 0)');
      const functions = { long: { wasm: long, spec: { rollback: 'never' as const } }, echo: { wasm: echo } };
      assert.deepEqual((await seen(functions, merged, ['']))[0]?.numbers, [4096]);
    });

    for (const rollback of ROLLBACKS) {
      const spec = { rollback };
      test(`a callee that a host call ends is counted and logged once, rollback: ${rollback}`, async () => {
        const functions = {
          caller: { wasm: fn(`${callTo(1)} ${answer(1)}`), spec },
          hostile: { wasm: fn('(call $random (i32.const -16) (i32.const 64)) (i32.const 0)'), spec },
        };
        const [outcome] = await seen(functions, merged, ['']);
        assert.deepEqual([outcome?.numbers, outcome?.traps, outcome?.logs.length], [[-4], 1, 1]);
        assert.match(outcome?.logs[0] ?? '', /^hostile: WEFT_FUNCTION_TRAPPED/);
      });

      test(`what each activation prints is a line of its own, rollback: ${rollback}`, async () => {
        const functions = {
          caller: { wasm: fn(`${callTo(1)} ${callTo(1)} ${callTo(2)} ${callTo(1)} ${answer(1)}`), spec },
          printer: { wasm: fn(`${PRINT} ${ANSWER_TEXT}`), spec },
          traps: { wasm: fn(`${callTo(1)} ${PRINT} (unreachable)`), spec },
        };
        const [outcome] = await seen(functions, merged, ['']);
        const printed = outcome?.logs.filter((line) => line.endsWith(': abc'));
        assert.deepEqual(printed, [...Array<string>(4).fill('printer: abc'), 'traps: abc']);
      });
    }

    test('a callee that traps on a stack of its own is brought back once', async () => {
      const spec = { rollback: 'never' as const };
      const functions = { caller: { wasm: fn(`${callTo(1)} ${answer(1)}`), spec }, traps: { wasm: TRAPS, spec } };
      const [outcome] = await seen(functions, merged, ['']);
      assert.deepEqual([outcome?.numbers, outcome?.rollbacks], [[-4], 1]);
    });

    test('where no byte goes may lie anywhere', async () => {
      for (const [out, capacity, bytes] of [
        [-1, 0, 3],
        [-1, 100, 0],
        [131_073, 8, 0],
      ] as const) {
        const silent = fn(`(call $answer (i32.const 4112) (i32.const ${bytes})) (i32.const 0)`);
        const functions = { caller: { wasm: fn(`${callTo(1, { out, capacity })} ${answer(1)}`) }, silent: { wasm: silent } };
        assert.deepEqual((await seen(functions, merged, ['']))[0]?.numbers, [bytes], `${out}, ${capacity}`);
      }
    });

    test('a wait that was ended for a deadline is no reason to be ended for when a later callee traps', async () => {
      const late =
        fn(`${callTo(3)} (if (i32.lt_s (local.get $n) (i32.const 0)) (then (call $log (i32.const 1) (i32.const 4112) (i32.const 3))))
        (call $answer (i32.const 8192) (i32.const 4)) (i32.const 0)`);
      const caller = fn(`${callTo(1)} ${callTo(2, { k: 1 })} (call $log (i32.const 1) (i32.const 4112) (i32.const 3)) ${answer(2)}`);
      const functions = {
        caller: { wasm: caller },
        late: { wasm: late, limits: { deadlineMs: 30 } },
        traps: { wasm: TRAPS },
        apartSlow: { wasm: fn(`(drop (call $sleep (f64.const 600))) ${ANSWER_TEXT}`) },
      };
      const [outcome] = await seen(functions, merged, ['']);
      assert.deepEqual([outcome?.status, outcome?.numbers[1]], [200, -4]);
      assert.deepEqual(
        outcome?.logs.filter((line) => line.endsWith(': abc')),
        ['caller: abc', 'late: abc'],
      );
    });

    test('of two waits the one that was ended for a deadline is ended again, and the one before it is not', async () => {
      const waitFor = (handle: number): string => `(call $wait (i32.const ${handle}) (i32.const 8192) (i32.const 4))`;
      const waitForBoth = `(local.set $i ${waitFor(0)}) (drop ${waitFor(1)})
        (if (i32.ge_s (local.get $i) (i32.const 0)) (then (call $log (i32.const 1) (i32.const 4112) (i32.const 3))))`;
      const startOf = (id: number): string => `(drop (call $start (i32.const ${id}) (i32.const 20000) (i32.const 0)))`;
      const functions = {
        caller: { wasm: fn(`${callTo(1)} ${callTo(2, { k: 1 })} (call $log (i32.const 1) (i32.const 4112) (i32.const 3)) ${answer(2)}`) },
        waits: { wasm: fn(`${startOf(3)} ${startOf(4)} ${waitForBoth} ${ANSWER_TEXT}`), limits: { deadlineMs: 200 } },
        traps: { wasm: TRAPS },
        apartQuick: { wasm: fn(`(drop (call $sleep (f64.const 1))) ${ANSWER_TEXT}`) },
        apartSlow: { wasm: fn(`(drop (call $sleep (f64.const 600))) ${ANSWER_TEXT}`) },
      };
      const [outcome] = await seen(functions, merged, ['']);
      assert.deepEqual([outcome?.status, outcome?.numbers[1]], [200, -4]);
      assert.deepEqual(
        outcome?.logs.filter((line) => line.endsWith(': abc')),
        ['caller: abc', 'waits: abc'],
      );
    });

    test('what a request fetched is held once, however many callees trap behind it', async () => {
      const server = createServer((_, response) => response.end(Buffer.alloc(300_000))).listen(0, '127.0.0.1');
      await once(server, 'listening');
      try {
        const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const request = `GET ${origin}/ HTTP/1.1\r\n\r\n`;
        const fetches = guest({
          imports: `${IMPORTS} (import "weft" "fetch" (func $fetch (param i32 i32 i32 i32) (result i32)))`,
          extra: `(data (memory $memory) (i32.const 4096) "${request.replaceAll('\r\n', '\\0d\\0a')}")`,
          enter: `(local.set $n (call $fetch (i32.const 4096) (i32.const ${request.length}) (i32.const 8192) (i32.const 4)))
            (i32.store $memory (i32.const 12004) (i32.gt_s (local.get $n) (i32.const 300000))) ${callTo(1).repeat(8)} ${answer(2)}`,
        });
        const functions = { fetches: { wasm: fetches, spec: { origins: [origin] } }, traps: { wasm: TRAPS } };
        assert.deepEqual((await seen(functions, merged, ['']))[0]?.numbers, [-4, 1]);
      } finally {
        server.close();
      }
    });
  });
}

describe('a request that ends in the middle of its replay', () => {
  interface End {
    readonly status: number;
    readonly printed: number;
    readonly ms: number;
  }

  async function end(wasm: Uint8Array, deadlineMs: number): Promise<End> {
    const engine = await TestEngine.start();
    try {
      await engine.deploy({ a: { wasm, limits: { deadlineMs } }, b: { wasm: TRAPS } }, [['a', 'b']]);
      const began = performance.now();
      const { status } = await engine.call('a');
      const ms = performance.now() - began;
      await engine.quiet(); // or what it was is never let go of
      return { status, printed: engine.takeLogs().filter(({ text }) => text === 'abc').length, ms };
    } finally {
      await engine.close();
    }
  }

  test('has its last line logged, when its time was over', async () => {
    const computes = fn(`${PRINT}
      (loop $l (call $check) (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50000000))))
      (drop (call $clock (i32.const 0))) ${callTo(1)} ${ANSWER_TEXT}`);
    // It computes twice, before and behind the trap. The first deadline that is too short cuts the second time.
    let deadlineMs = 60_000;
    for (let status = 200; status === 200; ) {
      const cut = await end(computes, deadlineMs);
      assert.equal(cut.printed, 1, `${cut.status} by ${deadlineMs} ms`);
      ({ status } = cut);
      assert.ok(status === 200 || status === 504, String(status));
      deadlineMs = Math.floor(0.8 * Math.min(deadlineMs, cut.ms));
    }
  });

  test('has its last line logged, when it went another way than before', async () => {
    const looksBack = fn(`(if (i32.lt_u (memory.size $memory) (i32.const 4)) (then
        (drop (memory.grow $memory (i32.const 1))) (drop (call $clock (i32.const 0))) ${callTo(1)} (unreachable)))
      ${PRINT} ${ANSWER_TEXT}`);
    const { status, printed } = await end(looksBack, 5000);
    assert.deepEqual([status, printed], [200, 1]);
  });
});
