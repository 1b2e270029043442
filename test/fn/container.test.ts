/** The kit for Fn as an image, in a container of a real engine, asked through the contract's own wire. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fnWire } from '../../src/contracts/fn-wire.ts';
import { containerDriver } from '../../src/drivers/container/driver.ts';
import type { Driver } from '../../src/engine/driver.ts';
import { startEngine } from '../container/engine.ts';
import { TestEngine } from '../engine/harness.ts';
import { settings } from '../drivers/http/settings.ts';
import { Asking } from './asking.ts';
import { buildNative } from './native.ts';

const docker = await startEngine();
const skip = typeof docker === 'string' && docker;

suite('a function of the kit as an image', { skip }, () => {
  if (typeof docker === 'string') return;
  let driver: Driver;
  let engine: TestEngine;
  before(async () => {
    const root = join(docker.folder, 'fdk');
    mkdirSync(root);
    copyFileSync(buildNative('many.c', 'image'), join(root, 'function'));
    const options = new URLSearchParams({ fromSrc: '-', repo: 'fn-many', tag: 'latest', changes: 'ENTRYPOINT ["/function"]' });
    await docker.api('POST', `/images/create?${options.toString()}`, spawn('tar', ['-C', root, '-c', '.']).stdout);
    driver = containerDriver({ fn: fnWire }, { env: docker.env });
    engine = await TestEngine.start({ drivers: { process: driver, container: driver } });
    const spec = {
      ...settings('fn'),
      env: { GREETING: 'hej' },
      isolation: {
        kind: 'container',
        image: 'fn-many',
        network: 'none',
        mounts: [],
        resources: { processes: 50, cpus: 0, openFiles: 350, instances: 1 },
      },
    } as const;
    const outcome = await engine.deploy({ many: { spec: { ...spec, name: 'many' } } });
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  });
  after(async () => {
    await engine.close();
    await driver.close();
    await docker.stop();
  });

  const ask = async (lines: readonly string[] = [], body: Uint8Array | string = '') => {
    const exchange = new Asking({ name: 'many', method: 'PUT', lines, body });
    engine.thread.dispatch(engine.thread.route('many') ?? assert.fail('no route'), exchange);
    return await exchange.reply;
  };

  test("has the client's request and the platform's words, and answers with status, type and headers", async () => {
    const { status, head, body } = await ask(['X-Do: describe', 'Content-Type: a/b']);
    assert.equal(status, 200, body);
    const id = /^id=(.*)$/m.exec(body)?.[1] ?? 'none';
    assert.ok(head.includes(`Fn-Call-Id: ${id}\r\n`), head);
    assert.match(body, /intent=httprequest\nmethod=PUT\nurl=http:\/\/h:1\/function\/many\/a\?b=c\ntype=a\/b\nconfig=hej\n/);
    const answer = await ask(['X-Do: answer']);
    assert.deepEqual([answer.status, answer.body], [418, 'short and stout']);
    assert.match(answer.head, /Content-Type: text\/x-tea\r\nX-Made: one\r\nX-Made: two\r\n/);
  });

  test('keeps its state from call to call, also from those that failed', async () => {
    const count = async (): Promise<number> => Number(/call (\d+)/.exec((await ask(['X-Do: count'])).body)?.[1]);
    const before = await count();
    const failed = await ask(['X-Do: fail']);
    assert.deepEqual([failed.status, failed.body], [502, '{"message":"function failed"}\n']);
    assert.equal(await count(), before + 2);
  });

  test('takes and gives 10 MB', async () => {
    const body = Buffer.alloc(10 * 1024 * 1024, 'ten MB ');
    const reply = await ask([], body);
    assert.ok(Buffer.from(reply.bytes).equals(body));
  });

  test('that crashes is told as what it is, and the next call has another container', async () => {
    const { status, body } = await ask(['X-Do: crash']);
    assert.equal(status, 502);
    assert.match(body, /WEFT_FUNCTION_CRASHED/);
    assert.equal((await ask([], 'on')).body, 'on');
  });
});
