/** Workers: programs run anew for each request, and libraries that live on; what happens when they crash, hang, or do not start. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { TestEngine } from '../engine/harness.ts';
import { cannotRun, eventually, processFunction, Workbench } from './harness.ts';

const IRON_HTTP = { mode: 'iron-http', cgiHeaders: false, combineOutput: false, marshalRequest: false, headers: {} } as const;

suite('workers', { skip: cannotRun() }, () => {
  let bench: Workbench;
  let engine: TestEngine;
  before(async () => {
    bench = await Workbench.open();
    engine = await bench.engine();
    const [program, library] = [await bench.build('probe'), await bench.build('library', '-shared', '-fPIC')];
    const nightcore = { contract: 'nightcore' } as const;
    const outcome = await engine.deploy({
      probe: processFunction({ program, limits: { deadlineMs: 1000 }, resources: { instances: 2 } }),
      library: processFunction({
        program: library,
        spec: { ...nightcore, warm: 1 },
        limits: { deadlineMs: 1000 },
        resources: { instances: 2 },
      }),
      other: processFunction({ program: library, spec: nightcore }),
      hot: processFunction({
        program: await bench.build('hot'),
        spec: { stdio: IRON_HTTP },
        limits: { deadlineMs: 1000 },
        resources: { instances: 1 },
      }),
    });
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  });
  after(async () => {
    await engine.close();
    await bench[Symbol.asyncDispose]();
  });

  const metrics = (name: string) => {
    const found = engine.thread.metrics().functions.find((each) => each.function === name);
    assert.ok(found);
    return found;
  };

  /** What functions have logged since somebody looked, when one of their lines has that in it. */
  const logged = async (text: string): Promise<string[]> => {
    const lines: string[] = [];
    await eventually(() => {
      lines.push(...engine.takeLogs().map((record) => record.text));
      return lines.some((line) => line.includes(text));
    });
    return lines;
  };

  test('a program that crashes is a 502 with the signal and its last words, and the next request is served', async () => {
    const { status, body } = await engine.call('probe', 'crash');
    assert.equal(status, 502);
    assert.match(body, /WEFT_FUNCTION_CRASHED.*segmentation fault.*about to crash/);
    assert.equal((await engine.call('probe', 'id')).status, 200);
    assert.ok(engine.takeLogs().some(({ level, text }) => level === 'warn' && text === 'about to crash'));
  });

  test('a program that exceeds its deadline is a 504, and is gone', async () => {
    const { status, body } = await engine.call('probe', 'sleep');
    assert.equal(status, 504, body);
    await eventually(() => processesOf(join(bench.folder, 'probe')).length === 0);
    assert.equal((await engine.call('probe', 'id')).status, 200);
  });

  test('a client that hangs up ends its program', async () => {
    const exchange = engine.send('probe', 'sleep');
    await eventually(() => processesOf(join(bench.folder, 'probe')).length > 0);
    exchange.onHungUp?.();
    await eventually(() => processesOf(join(bench.folder, 'probe')).length === 0);
    await engine.quiet();
  });

  test('requests beyond the instances wait, and each is answered', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => engine.call('library', 'hello')));
    assert.ok(replies.every(({ status, body }) => status === 200 && body === 'hello'));
    assert.ok(metrics('library').contextsLive <= 2);
    assert.ok(metrics('probe').coldStarts >= 1);
  });

  test('a request that waits for an instance until its deadline is a 504', async () => {
    const busy = [engine.call('library', 'spin'), engine.call('library', 'spin')];
    const { status } = await engine.call('library', 'hello');
    assert.equal(status, 504);
    for (const reply of await Promise.all(busy)) assert.equal(reply.status, 504);
    assert.equal((await engine.call('library', 'hello')).body, 'hello', 'those that spun were replaced');
  });

  test('a library keeps its state from call to call', async () => {
    engine.thread.scale('library', 0);
    await eventually(() => metrics('library').contextsLive === 0);
    const counts = [];
    for (let n = 0; n < 3; n++) counts.push((await engine.call('library', 'count')).body);
    assert.deepEqual(counts, ['1', '2', '3']);
  });

  test('a library that crashes or exits is a 502 with the reason, and the next call is served', async () => {
    const crash = await engine.call('library', 'crash');
    assert.equal(crash.status, 502);
    assert.match(crash.body, /ended by SIGSEGV.*\\nthe library is about to crash/);
    const exit = await engine.call('library', 'exit');
    assert.match(exit.body, /it exited with 7/);
    assert.equal((await engine.call('library', 'hello')).body, 'hello');
  });

  test('a library that speaks in the place of its host ends itself, and not the thread', async () => {
    for (const lie of ['impersonate', 'interrupt']) {
      const reply = await engine.call('library', lie);
      assert.equal(reply.status, 502, `${lie}: ${reply.body}`);
      assert.equal((await engine.call('library', 'hello')).body, 'hello', lie);
    }
  });

  test('a library that fails is a failure and goes on', async () => {
    const pid = (await engine.call('library', 'pid')).body;
    assert.equal((await engine.call('library', 'fail')).status, 500);
    assert.equal((await engine.call('library', 'pid')).body, pid);
  });

  test('a library calls other functions, with large arguments and results, and is told when there is none', async () => {
    assert.equal((await engine.call('library', 'call 12345')).body, '12345');
    const large = 'x'.repeat(3_000_000);
    assert.equal((await engine.call('library', `call ${large}`)).body, large);
    assert.equal((await engine.call('library', 'call fail')).status, 500);
    assert.equal((await engine.call('other', 'call x')).status, 200);
  });

  test('a program that lives on answers one request after the other, many that come at once too', async () => {
    assert.equal((await engine.call('hot', 'hello')).body, 'hello');
    const counts = (await Promise.all(Array.from({ length: 10 }, () => engine.call('hot', 'count')))).map(({ body }) => body);
    assert.deepEqual(counts, ['2', '3', '4', '5', '6', '7', '8', '9', '10', '11']);
  });

  test('a program that lives on and crashes, hangs, or says what nobody asked for, is replaced', async () => {
    const crash = await engine.call('hot', 'crash');
    assert.equal(crash.status, 502, crash.body);
    assert.match(crash.body, /SIGABRT.*the hot one is about to crash/);
    assert.equal((await engine.call('hot', 'count')).body, '1');
    assert.equal((await engine.call('hot', 'hang')).status, 504);
    assert.equal((await engine.call('hot', 'count')).body, '1');
    assert.equal((await engine.call('hot', 'chatter')).status, 502);
    assert.equal((await engine.call('hot', 'count')).body, '1');
    assert.equal((await engine.call('hot', 'twice')).body, '1');
    assert.equal((await engine.call('hot', 'count')).body, '1', 'a second answer is not taken for that of the next request');
  });

  test('a program that lives on is logged whenever it speaks: before its first request, and between two', async () => {
    engine.thread.scale('hot', 0);
    await eventually(() => metrics('hot').contextsLive === 0);
    engine.takeLogs();
    engine.thread.scale('hot', 1);
    await logged('the hot one is up');
    assert.equal((await engine.call('hot', 'talk later')).status, 200);
    const lines = await logged('nobody asked');
    assert.ok(lines.includes('one line, half before its answer'), lines.join('\n'));
    assert.equal((await engine.call('hot', 'hello')).body, 'hello');
  });

  test('a program that lives on and floods its log between two requests is read in portions, and answers the next', async () => {
    assert.equal((await engine.call('hot', 'flood later')).status, 200);
    assert.equal((await engine.call('hot', 'hello')).body, 'hello');
    const lines = await logged('were dropped');
    const portions = lines.filter((line) => line.includes('were dropped')).length;
    assert.ok(portions >= 3 && lines.length <= 1001 * (portions + 1), `${lines.length} lines, ${portions} portions`);
  });

  test('warm instances are there before the first request, and scale makes and ends them', async () => {
    engine.thread.scale('other', 3);
    await eventually(() => metrics('other').contextsLive === 3);
    engine.thread.scale('other', 0);
    await eventually(() => metrics('other').contextsLive === 0);
    assert.equal((await engine.call('other', 'hello')).body, 'hello');
  });

  test('what a burst of requests needed is ended when it has been idle, though others go on', { timeout: 20_000 }, async () => {
    const library = await bench.build('library', '-shared', '-fPIC');
    const fn = processFunction({ program: library, spec: { contract: 'nightcore', idleMs: 400 } });
    assert.equal((await engine.deploy({ bursting: fn }, [], 'bursting'))?.type, 'deployed');
    await Promise.all(Array.from({ length: 4 }, () => engine.call('bursting', 'hello')));
    await eventually(() => metrics('bursting').contextsLive > 1);
    await eventually(async () => {
      assert.equal((await engine.call('bursting', 'hello')).body, 'hello');
      return metrics('bursting').contextsLive === 1;
    });
  });

  test('what cannot be started refuses the deploy with what it said; the version before goes on', async () => {
    const broken = join(bench.folder, 'broken');
    await writeFile(broken, 'this is no program', { mode: 0o755 });
    const library = await bench.build('library', '-shared', '-fPIC');
    const nightcore = { contract: 'nightcore', warm: 1 } as const;
    for (const [fn, reason] of [
      [processFunction({ program: broken, spec: nightcore }), /cannot load the library/],
      [
        processFunction({ program: library, spec: { ...nightcore, env: { FAIL_TO_START: '1' } } }),
        /faas_create_func_worker: it returned 1/,
      ],
      [processFunction({ program: library, spec: nightcore, isolation: { workDir: '/usr/none' } }), /none/],
    ] as const) {
      const outcome = await engine.deploy({ fn }, [], 'refused');
      assert.equal(outcome?.type, 'refused');
      const text = outcome?.type === 'refused' ? `${outcome.error.code} ${JSON.stringify(outcome.error.details)}` : '';
      assert.match(text, /WEFT_START_FAILED/);
      assert.match(text, reason);
    }
    assert.equal((await engine.call('library', 'hello')).body, 'hello');
  });

  test('starts that fail in a row are spaced out, and requests are told why meanwhile', async () => {
    const library = await bench.build('library', '-shared', '-fPIC');
    const fn = processFunction({ program: library, spec: { contract: 'nightcore', warm: 0, env: { FAIL_TO_START: '1' } } });
    assert.equal((await engine.deploy({ stubborn: fn }, [], 'stubborn'))?.type, 'deployed');
    engine.takeLogs();
    for (let n = 0; n < 20; n++) {
      const { status, body } = await engine.call('stubborn', 'hello');
      assert.equal(status, 502);
      assert.match(body, /WEFT_START_FAILED.*faas_create_func_worker/);
    }
    const starts = engine.takeLogs().filter(({ level, text }) => level === 'warn' && text.startsWith('Function "stubborn" did not start'));
    assert.ok(starts.length >= 1 && starts.length <= 10, `${starts.length} starts`);
  });
});

/** Processes that run that program, by what they say of themselves: inside, its path is another. */
function processesOf(program: string): string[] {
  const size = readFileSync(program).length;
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('/function/program') &&
        readFileSync(`/proc/${pid}/exe`).length === size
      );
    } catch {
      return false;
    }
  });
}
