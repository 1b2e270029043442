/** Containers from a manifest to answers over HTTP, with the contracts of the platform. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { bundleApp } from '../../src/cli/bundle.ts';
import { loadApp } from '../../src/manifest/index.ts';
import type { AppBundle } from '../../src/model/app.ts';
import { TestPlatform } from '../admin/harness.ts';
import { Conversation } from '../process/conversation.ts';
import { autoBuilder } from '../toolchain/workshop.ts';
import { testsWithEngine } from './engine.ts';
import { eventually } from './harness.ts';

const { engine, test } = await testsWithEngine();

suite('a platform with containers', () => {
  // Engine threads are told where the engine is as every program is.
  Object.assign(process.env, engine.env);

  const app = async (functions: string): Promise<AppBundle> => {
    const folder = await mkdtemp(join(tmpdir(), 'weft-app-'));
    const builder = await autoBuilder();
    try {
      await writeFile(join(folder, 'weft.yaml'), `app: images\nfunctions:\n${functions}`);
      return (await bundleApp(await loadApp(folder), { builder })).bundle;
    } finally {
      await builder.close();
      await rm(folder, { recursive: true });
    }
  };

  test('serves images of all kinds from one manifest', async () => {
    await using it = await TestPlatform.start({ threads: 1 });
    await it.platform.deploy(
      await app(`
  web: { image: weft-guest }
  call: { image: weft-guest, contract: fn, args: [fn, well], network: none }
  facts: { image: weft-guest, contract: fn, args: [fn, facts] }
  filter: { image: weft-guest, contract: stdio, args: [filter, upper] }
  iron: { image: weft-guest, contract: stdio, stdio: { mode: iron }, args: [filter, upper] }
`),
    );
    assert.deepEqual(await it.invoke('web', 'hello'), { status: 200, body: 'hello' });
    const large = 'large '.repeat(1_500_000);
    for (const name of ['web', 'call', 'web']) assert.equal((await it.invoke(name, large)).body.length, large.length, name);
    for (const name of ['filter', 'iron']) assert.deepEqual(await it.invoke(name, 'shout'), { status: 200, body: 'SHOUT' });
    const { body } = await it.invoke('facts');
    for (const fact of ['nofile 350', 'env FN_MEMORY=128', 'env FN_TYPE=sync', 'env FN_APP_ID=images', 'env FN_FORMAT=http-stream'])
      assert.ok(body.includes(`${fact}\n`), body);
    const crashed = await fetch(`${it.platform.url}/function/web/crash`, { method: 'POST' });
    const { error } = (await crashed.json()) as { error: { code: string; message: string } };
    assert.deepEqual([crashed.status, error.code], [502, 'WEFT_FUNCTION_CRASHED']);
    assert.match(error.message, /SIGSEGV.*about to crash/s);
  });

  test('passes on the WebSockets of an image that takes them', async () => {
    const program = join(import.meta.dirname, '../process/programs/websocket.c');
    await engine.makeImage('weft-websocket', ['gcc', '-D_GNU_SOURCE', program], []);
    await using it = await TestPlatform.start({ threads: 1 });
    await it.platform.deploy(await app('  ws: { image: weft-websocket, freeze: 20ms, limits: { deadline: 10s } }\n'));
    const talk = await new Conversation(`${it.platform.url}/function/ws`).opened();
    assert.equal(await talk.says('hello'), 'hello');
    // A container that runs nothing is frozen; this one does.
    await delay(200);
    assert.equal(await talk.says('again'), 'again');
    await talk.says('flood 1000', 1002);
    talk.socket.send('crash');
    assert.equal(await talk.end(), 1006);
    const crashes = async (): Promise<string[]> =>
      (await Array.fromAsync(it.platform.logs({ name: 'ws' }))).map(({ text }) => text).filter((text) => /in the middle of/.test(text));
    await eventually(async () => (await crashes()).length > 0);
    const [told = '', ...more] = await crashes();
    assert.match(told, /SIGABRT[^]*aborts, as it was told/);
    assert.deepEqual(more, []);
  });

  test('lets a function in a context call one in a container', async () => {
    await using it = await TestPlatform.start({ threads: 1 });
    const folder = await mkdtemp(join(tmpdir(), 'weft-app-'));
    const builder = await autoBuilder();
    try {
      const caller =
        '#include <weft/v1.h>\nint weft_handle(weft_request *q, weft_response *p) {\n  size_t n; void *in = weft_request_body(q, &n); weft_result r;\n  if (weft_call("web", in, n, &r) != 0) return 1;\n  return weft_response_body(p, r.data, r.length);\n}\n';
      await writeFile(join(folder, 'caller.c'), caller);
      await writeFile(
        join(folder, 'weft.yaml'),
        'app: mixed\nfunctions:\n  caller: { sources: [caller.c] }\n  web: { image: weft-guest }\n',
      );
      await it.platform.deploy((await bundleApp(await loadApp(folder), { builder })).bundle);
    } finally {
      await builder.close();
      await rm(folder, { recursive: true });
    }
    assert.deepEqual(await it.invoke('caller', 'through'), { status: 200, body: 'through' });
  });

  test('lets go of the containers of a version that is replaced, of an app that is removed, and of all when it ends', async () => {
    {
      await using it = await TestPlatform.start({ threads: 2 });
      await it.platform.deploy(await app('  web: { image: weft-guest }\n'));
      const old = (await engine.containers()).map(({ Id }) => Id);
      assert.equal(old.length, 2);
      await it.platform.deploy(await app('  web: { image: weft-guest, env: { NEW: "1" } }\n'));
      assert.match(await (await fetch(`${it.platform.url}/function/web/facts`)).text(), /env NEW=1/);
      await eventually(
        async () => (await engine.containers()).length === 2 && (await engine.containers()).every(({ Id }) => !old.includes(Id)),
      );
      await it.platform.remove('images');
      await eventually(async () => (await engine.containers()).length === 0);
      await it.platform.deploy(await app('  web: { image: weft-guest }\n'));
    }
    assert.deepEqual(await engine.containers(), []);
  });

  test('refuses a version whose image cannot be had, and goes on with the one before', async () => {
    await using it = await TestPlatform.start({ threads: 1 });
    await it.platform.deploy(await app('  web: { image: weft-guest }\n'));
    await assert.rejects(
      it.platform.deploy(await app('  web: { image: "127.0.0.1:1/no/such:image" }\n')),
      /Cannot use the image 127\.0\.0\.1:1\/no\/such:image/,
    );
    await assert.rejects(
      it.platform.deploy(await app('  web: { image: weft-guest, args: [filter, exit, "9"] }\n')),
      /did not start: it ended: exit code 9/,
    );
    assert.deepEqual(await it.invoke('web', 'still'), { status: 200, body: 'still' });
    await eventually(async () => (await engine.containers()).length === 1);
  });

  test("deploys an image as OpenFaaS's tools ask for it", async () => {
    await using it = await TestPlatform.start({ threads: 1 });
    const request = { service: 'figlet', image: 'weft-guest:latest', envVars: { GREETING: 'from the request' } };
    const deployed = await it.admin('/system/functions', {
      method: 'POST',
      body: JSON.stringify(request),
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(deployed.status, 202, await deployed.text());
    assert.match(await (await fetch(`${it.platform.url}/function/figlet/facts`)).text(), /env GREETING=from the request/);
  });
});
