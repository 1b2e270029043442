/** What one instance may use. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type Reply, type TestEngine, TestExchange } from '../engine/harness.ts';
import { cannotRun, processFunction, Workbench } from './harness.ts';

const MiB = 1024 * 1024;

suite('limits of a process', { skip: cannotRun() }, () => {
  let bench: Workbench;
  let engine: TestEngine;
  before(async () => {
    bench = await Workbench.open();
    engine = await bench.engine();
    const program = await bench.build('probe');
    const outcome = await engine.deploy({
      probe: processFunction({
        program,
        limits: { memoryBytes: 32 * MiB, deadlineMs: 10_000 },
        resources: { processes: 8, openFiles: 32, cpus: 0.25 },
      }),
      server: processFunction({
        program: await bench.build('server'),
        spec: { contract: 'http', args: ['unix', '/srv/own.sock'] },
        isolation: { listen: { kind: 'unix', path: '/srv/own.sock' } },
        limits: { memoryBytes: 32 * MiB, deadlineMs: 10_000 },
      }),
      short: processFunction({ program, limits: { responseBytes: 1000 } }),
    });
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  });
  after(async () => {
    await engine.close();
    await bench[Symbol.asyncDispose]();
  });
  const call = (command: string): Promise<Reply> => engine.call('probe', command);

  test('memory: what needs more is ended, told so, and the next request is served', async () => {
    assert.equal((await call('memory 10')).body, 'ok\n');
    const { status, body } = await call('memory 100');
    assert.equal(status, 500, body);
    assert.match(body, /WEFT_MEMORY.*33554432 bytes/);
    assert.equal((await call('memory 10')).body, 'ok\n');
  });

  test('memory: files beside its socket, which are on this machine, are counted too', async () => {
    const ask = (path: string): Promise<Reply> => {
      const exchange = new TestExchange('', path);
      const route = engine.thread.route('server');
      assert.ok(route);
      engine.thread.dispatch(route, exchange);
      return exchange.reply;
    };
    const { status, body } = await ask('/hoard');
    assert.equal(status, 500, body);
    assert.match(body, /WEFT_MEMORY/);
    assert.match((await ask('/pid')).body, /^\d+\n$/);
  });

  test('processes: so many and no more', async () => {
    const made = Number((await call('processes 50')).body);
    assert.ok(made > 0 && made <= 8, `${made}`);
    assert.equal((await call('id')).body, '1000 1000\n', 'they are gone with their request');
  });

  test('open files: so many and no more', async () => {
    const opened = Number((await call('files')).body);
    assert.ok(opened > 16 && opened <= 32, `${opened}`);
  });

  test('processor time: a share of one', async () => {
    const percent = Number((await call('spin 1000')).body);
    assert.ok(percent <= 60, `${percent} %`);
  });

  test('an answer that is too large is none', async () => {
    const { status, body } = await engine.call('short', 'read /proc/self/maps');
    if (status === 200) assert.ok(body.length <= 1000);
    else assert.match(body, /WEFT_RESPONSE_TOO_LARGE/);
  });

  test('a flood on standard error reaches the log in bounds', async () => {
    engine.takeLogs();
    assert.equal((await call('flood')).body, 'ok\n');
    const logs = engine.takeLogs();
    assert.ok(logs.length > 100 && logs.length < 200_000, `${logs.length} lines`);
    assert.ok(logs.some(({ text }) => text.includes('were dropped')));
  });
});
