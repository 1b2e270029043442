/** WebSockets of a function that is a server, from a client's `new WebSocket` to the program and back. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Running, until, Workshop } from '../cli/weft.ts';
import { Conversation } from './conversation.ts';
import { cannotRun, Workbench } from './harness.ts';

const DEADLINE_MS = 600;

suite('WebSockets', { skip: cannotRun() }, () => {
  let bench: Workbench;
  let workshop: Workshop;
  let up: Running;
  let folder: string;
  let version = 0;

  const writeManifest = (): Promise<void> =>
    writeFile(
      join(folder, 'weft.yaml'),
      [
        'app: app',
        'functions:',
        `  ws: { executable: websocket, contract: http, idle: 1s, warm: 0, env: { VERSION: "${++version}" }, limits: { deadline: ${DEADLINE_MS}ms } }`,
      ].join('\n'),
    );
  const open = (path = ''): Promise<Conversation> => new Conversation(`${up.url}/function/ws${path}`).opened();
  const deployed = async (): Promise<void> => {
    const { length } = up.talk;
    await writeManifest();
    await up.said(/version \d+ answers/, length);
  };

  before(async () => {
    bench = await Workbench.open();
    workshop = await Workshop.open();
    folder = workshop.path('app');
    await mkdir(folder);
    await copyFile(await bench.build('websocket'), join(folder, 'websocket'));
    await writeManifest();
    up = await workshop.up([folder, '--threads', '1']);
  });
  after(async () => {
    await workshop[Symbol.asyncDispose]();
    await bench[Symbol.asyncDispose]();
  });

  test('text, bytes and a flood come through as they are, for longer than the deadline and the idle time of the function', async () => {
    const it = await open('/below?query=1');
    assert.equal(await it.says('hällo'), 'hällo');
    assert.equal(await it.says(new Uint8Array(3_000_000)), 3_000_000);
    await sleep(2500);
    assert.equal(await it.says('still there'), 'still there');
    await it.says('flood 10000', 10_003);
    assert.equal(it.heard.filter((text) => text === 'x'.repeat(1024)).length, 10_000);
    it.socket.close(4001);
    assert.equal(await it.end(), 4001);
    const metrics = await (await fetch(`${up.url}/metrics`)).text();
    assert.match(metrics, /weft_function_requests_total\{app="app",function="ws",status="101"\} 1\n/);
  });

  test('the server may end it, refuse it, and answer what is no handshake', async () => {
    const it = await open();
    it.socket.send('bye');
    assert.equal(await it.end(), 1000);
    const refused = new Conversation(`${up.url}/function/ws/no`);
    assert.equal(await refused.end(), 1006);
    assert.equal((await fetch(`${up.url}/function/ws`)).status, 426);
  });

  test('a program that crashes ends its connections, and the next one is made with a new program', async () => {
    const [it, beside] = [await open(), await open()];
    assert.equal(await beside.says('beside'), 'beside');
    it.socket.send('crash');
    assert.equal(await it.end(), 1006);
    const next = await open();
    assert.equal(await next.says('again'), 'again');
    next.socket.close();
    beside.socket.close();
    const logs = async (): Promise<string> => (await workshop.run(['logs', 'ws'])).stdout;
    await until(
      async () => /error .*SIGABRT/.test(await logs()),
      () => 'the reason in the log',
    );
    assert.equal((await logs()).match(/it was ended by SIGABRT.*\n.*aborts, as it was told/g)?.length, 1);
  });

  test('a request that takes too long does not end a server whose WebSockets live', async () => {
    const it = await open();
    const late = fetch(`${up.url}/function/ws/slow`);
    for (const until = performance.now() + 2 * DEADLINE_MS; performance.now() < until; await sleep(50))
      assert.equal(await it.says('alive'), 'alive');
    assert.equal((await late).status, 504);
    await sleep(200);
    assert.equal(await it.says('alive'), 'alive');
    it.socket.close();
  });

  test('a new version is what the next connection gets; one that is open has the deadline of its function left', async () => {
    const it = await open();
    await deployed();
    assert.equal(await it.says('old'), 'old');
    const since = performance.now();
    assert.equal(await it.end(), 1006);
    assert.ok(performance.now() - since < 20 * DEADLINE_MS);
    const next = await open();
    assert.equal(await next.says('new'), 'new');
    next.socket.close();
    await until(
      async () => (await workshop.run(['logs', 'ws'])).stdout.includes(`version ${version - 1} ends in good order`),
      () => 'the orderly end of the old program',
    );
  });

  test('stopping the platform does not wait for one that is open', async () => {
    const it = await open();
    const since = performance.now();
    assert.equal((await up.end('SIGTERM')).code, 0);
    assert.equal(await it.end(), 1006);
    assert.ok(performance.now() - since < 8000);
  });
});
