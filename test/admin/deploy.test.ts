import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { WeftError } from '../../src/model/errors.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { Client, replies } from '../ingress/harness.ts';
import { startLoad } from './load.ts';
import { bundle, settings } from './bundles.ts';
import { BAD_INIT, dataFolder, ECHO, says, sleeps, TestPlatform, wasm } from './harness.ts';

let shared: TestPlatform;
before(async () => {
  shared = await TestPlatform.start();
});
after(() => shared[Symbol.asyncDispose]());

const isError = (code: string) => (error: unknown) => error instanceof WeftError && error.code === code;

test('a deployed function answers; the same bundle again changes nothing', async () => {
  const { platform } = shared;
  const first = await platform.deploy(bundle('same', { same: says('one') }));
  assert.deepEqual([first.app, first.changed], ['same', true]);
  assert.deepEqual(await shared.invoke('same'), { status: 200, body: 'one' });
  assert.deepEqual(await platform.deploy(bundle('same', { same: says('one') })), { ...first, changed: false });
  const next = await platform.deploy(bundle('same', { same: says('two') }));
  assert.deepEqual([next.version, next.changed], [first.version + 1, true]);
  assert.deepEqual(await shared.invoke('same.same'), { status: 200, body: 'two' });
});

const CLIENTS = 200;

test('deploying under load loses no request and mixes no versions within one', async () => {
  const { platform } = shared;
  const versions = ['A', 'B', 'C', 'D', 'E', 'F'].map((letter) =>
    bundle('load', { 'load-front': asksSecond(letter), 'load-back': sleeps(3, letter) }),
  );
  for (const version of versions) await platform.deploy(version);
  const load = await startLoad({ url: `${platform.url}/function/load-front`, clients: CLIENTS });
  for (const version of versions) {
    await platform.deploy(version);
    // More than there are clients: some of these were asked after the deploy, all others of it are under way when the next one comes.
    await load.answered(CLIENTS + 1);
  }
  const answers = await load.stop();
  for (const answer of answers.keys()) assert.match(answer, /^200 ([A-F])\1$/);
  assert.deepEqual([...answers.keys()].sort(), ['200 AA', '200 BB', '200 CC', '200 DD', '200 EE', '200 FF'], 'each version was asked');
  assert.deepEqual(await shared.invoke('load-front'), { status: 200, body: 'FF' });
});

/** Answers with that letter and what the app's second function answers: one answer, made by two functions. */
function asksSecond(letter: string): Uint8Array<ArrayBuffer> {
  return wasm({
    imports: `(import "weft" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
      (import "weft" "await_call" (func $await (param i32 i32) (result i32)))`,
    extra: `(data (memory $memory) (i32.const 8192) "${letter}")`,
    enter: `(local.set $n (call $call (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8193) (i32.const 100)))
      (if (i32.eq (local.get $n) (i32.const -100)) (then (local.set $n (call $await (i32.const 8193) (i32.const 100)))))
      (call $answer (i32.const 8192) (i32.add (local.get $n) (i32.const 1))) (i32.const 0)`,
  });
}

test('a request whose body was on its way while a version was deployed is served by that one, by none when it was removed', async () => {
  const { platform } = shared;
  const small = settings('moved', { limits: { ...settings('moved').limits, requestBytes: 4 } });
  await platform.deploy(bundle('moved', { moved: says('old') }));
  const [first, second, third, fourth] = await Promise.all(Array.from({ length: 4 }, () => beginRequest(platform.port, 'moved')));
  await platform.deploy(bundle('moved', { moved: says('new') }));
  assert.deepEqual(await first?.('12345'), { status: 200, body: 'new' });
  await platform.deploy(bundle('moved', { moved: { settings: small, wasm: says('small'), files: {} } }));
  assert.equal((await second?.('12345'))?.status, 413);
  await platform.remove('moved');
  assert.equal((await third?.('12345'))?.status, 404);
  await platform.deploy(bundle('other', { moved: says("another app's") }));
  assert.equal((await fourth?.('12345'))?.status, 404, 'what was sent to one app is not for another');
  await platform.remove('other');
});

/** A request of five bytes whose head has been read; gives what sends them. */
async function beginRequest(port: number, name: string): Promise<(body: string) => Promise<{ status: number; body: string } | undefined>> {
  const client = await Client.connect(port);
  const lines = ['Host: test', 'Expect: 100-continue', 'Content-Length: 5', 'Connection: close'];
  client.send(`POST /function/${name} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  await client.until((text) => text.includes('100 Continue'));
  return async (body) => {
    client.send(body);
    const [reply] = replies(await client.untilEnd());
    client.close();
    return reply && { status: reply.status, body: reply.body };
  };
}

test('a version that is refused changes nothing', async () => {
  const { platform } = shared;
  await platform.deploy(bundle('kept', { kept: says('good'), other: ECHO }));
  const before = await platform.describe('kept');
  await assert.rejects(platform.deploy(bundle('kept', { kept: says('new'), other: BAD_INIT })), isError('WEFT_INIT_FAILED'));
  const broken = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 99]);
  await assert.rejects(platform.deploy(bundle('kept', { kept: broken })), isError('WEFT_MODULE_REFUSED'));
  assert.deepEqual(await shared.invoke('kept'), { status: 200, body: 'good' });
  assert.deepEqual(await shared.invoke('other', 'x'), { status: 200, body: 'x' });
  assert.equal((await platform.describe('kept')).version, before.version);
  await assert.rejects(platform.deploy(bundle('never', { never: BAD_INIT })), isError('WEFT_INIT_FAILED'));
  assert.equal((await shared.invoke('never')).status, 404);
});

test('names that cannot be, and names that are taken, are refused', async () => {
  const { platform } = shared;
  await platform.deploy(bundle('owner', { owned: ECHO }));
  await assert.rejects(platform.deploy(bundle('thief', { owned: ECHO })), isError('WEFT_FUNCTION_TAKEN'));
  for (const name of ['', '.', '..', 'a.b', 'a/b', '-a', 'ä', 'a b', 'x'.repeat(64)]) {
    await assert.rejects(platform.deploy(bundle('named', { [name]: ECHO })), isError('WEFT_NAME_INVALID'), name);
    await assert.rejects(platform.deploy(bundle(name, { named: ECHO })), isError('WEFT_NAME_INVALID'), name);
  }
  await assert.rejects(platform.deploy(bundle('none', {})), isError('WEFT_APP_INVALID'));
  await assert.rejects(platform.deploy(bundle('m', { m: ECHO, n: ECHO }, [['m', 'x']])), isError('WEFT_APP_INVALID'));
  await assert.rejects(platform.deploy(bundle('m', { m: ECHO, n: ECHO }, [['m', 'n', 'm']])), isError('WEFT_APP_INVALID'));
  const twice = bundle('twice', { twin: ECHO });
  await assert.rejects(platform.deploy({ ...twice, functions: [...twice.functions, ...twice.functions] }), isError('WEFT_APP_INVALID'));
  assert.equal((await shared.invoke('owned', 'x')).body, 'x');
});

test('a removed app is gone, and its names are free', async () => {
  const { platform } = shared;
  const { version } = await platform.deploy(bundle('gone', { gone: ECHO }));
  await platform.remove('gone');
  assert.equal((await shared.invoke('gone')).status, 404);
  await assert.rejects(platform.remove('gone'), isError('WEFT_APP_NOT_FOUND'));
  const again = await platform.deploy(bundle('heir', { gone: says('new') }));
  assert.ok(again.version > version, 'a number is used for one content only');
  assert.equal((await shared.invoke('gone')).body, 'new');
});

test('a function scaled to zero has no context, and is back with the next request', async () => {
  const { platform } = shared;
  await platform.deploy(bundle('scaled', { scaled: says('here') }));
  await platform.scale('scaled', 5);
  assert.ok((await platform.describe('scaled')).contexts >= 5);
  await platform.scale('scaled', 0);
  assert.equal((await platform.describe('scaled')).contexts, 0);
  assert.deepEqual(await shared.invoke('scaled'), { status: 200, body: 'here' });
  assert.equal((await platform.describe('scaled')).contexts, 1);
  await assert.rejects(platform.scale('nobody', 1), isError('WEFT_FUNCTION_NOT_FOUND'));
  for (const count of [-1, 1.5, Number.NaN, 1e9]) await assert.rejects(platform.scale('scaled', count), isError('WEFT_ADMIN_REQUEST'));
});

test('to ask for more contexts than there is room for ends no thread', async () => {
  const { platform } = shared;
  const huge = settings('huge', { limits: { ...settings('huge').limits, memoryBytes: 4096 * 1024 * 1024 - 65536 } });
  await platform.deploy(bundle('huge', { huge: { settings: huge, wasm: says('big'), files: {} } }));
  await platform.scale('huge', 10_000);
  assert.equal((await shared.invoke('huge')).body, 'big');
  await platform.remove('huge');
  assert.equal(platform.threads.restarts, 0);
});

test('packed files reach the function', async () => {
  const { platform } = shared;
  const reader = wasm({
    imports: `(import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))`,
    extra: '(data (memory $memory) (i32.const 4096) "a/b") (data (memory $memory) (i32.const 4200) "\\00\\20\\00\\00\\40\\00\\00\\00")',
    enter: `(if (call $open (i32.const 3) (i32.const 0) (i32.const 4096) (i32.const 3) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 4300))
        (then (return (i32.const 1))))
      (if (call $read (i32.load $memory (i32.const 4300)) (i32.const 4200) (i32.const 1) (i32.const 4304)) (then (return (i32.const 2))))
      (call $answer (i32.const 8192) (i32.load $memory (i32.const 4304))) (i32.const 0)`,
  });
  const content = new TextEncoder().encode('packed');
  await platform.deploy(
    bundle('files', { files: { settings: settings('files'), wasm: reader, files: { '/a/b': content, '/c': content } } }),
  );
  assert.deepEqual(await shared.invoke('files'), { status: 200, body: 'packed' });
  assert.deepEqual((await platform.describe('files')).files, ['/a/b', '/c']);
});

test('secrets are not told', async () => {
  const { platform } = shared;
  const secret = 'do-not-tell';
  await platform.deploy(bundle('quiet', { quiet: { settings: settings('quiet', { secrets: { token: secret } }), wasm: ECHO, files: {} } }));
  assert.deepEqual((await platform.describe('quiet')).secrets, ['token']);
  for (const path of ['/system/functions', '/system/apps', '/system/function/quiet', '/metrics', '/system/logs']) {
    assert.ok(!(await (await shared.admin(path)).text()).includes(secret), path);
  }
});

test('what was deployed is served again after a new start, and one broken app does not stop the others', async () => {
  await using folder = await dataFolder();
  {
    await using first = await TestPlatform.start({ dataDir: folder.path });
    await first.platform.deploy(bundle('whole', { whole: says('whole') }));
    await first.platform.deploy(bundle('broken', { broken: says('broken') }));
    await first.platform.deploy(bundle('unread', { unread: says('unread') }));
  }
  await writeFile(join(folder.path, 'artifacts', digestOf(says('broken'))), 'not what it was');
  await writeFile(join(folder.path, 'apps', 'unread.json'), '{');
  await using second = await TestPlatform.start({ dataDir: folder.path });
  assert.deepEqual(await second.invoke('whole'), { status: 200, body: 'whole' });
  assert.equal((await second.invoke('broken')).status, 404);
  const said = second.said.join('\n');
  assert.ok(said.includes(digestOf(says('broken'))) && said.includes('unread.json'), said);
  const apps = await second.platform.list();
  assert.deepEqual(
    apps.map(({ app, error }) => [app, error?.code]),
    [
      ['broken', 'WEFT_DATA_DAMAGED'],
      ['whole', undefined],
    ],
  );
  // Deployed anew it is mended, though it is the very same.
  assert.equal((await second.platform.deploy(bundle('broken', { broken: says('broken') }))).changed, true);
  assert.deepEqual(await second.invoke('broken'), { status: 200, body: 'broken' });
});

test('a second platform on the folder, or on the port, is a clear error, and the first goes on', async () => {
  await using folder = await dataFolder();
  const { platform } = shared;
  await platform.deploy(bundle('first', { first: says('first') }));
  await using holder = await TestPlatform.start({ dataDir: folder.path, threads: 1 });
  await assert.rejects(TestPlatform.start({ dataDir: folder.path, threads: 1 }), isError('WEFT_DATA_IN_USE'));
  const second = await TestPlatform.start({ dataDir: folder.path, threads: 1 }).catch((error: unknown) => error);
  assert.match(second instanceof WeftError ? second.hint : '', /weft deploy/, 'what a second weft up was probably meant to do');
  await assert.rejects(TestPlatform.start({ port: platform.port, threads: 1 }), isError('WEFT_LISTEN'));
  await assert.rejects(TestPlatform.start({ port: platform.port, threads: 1, sharePort: false }), isError('WEFT_LISTEN'));
  assert.deepEqual(await shared.invoke('first'), { status: 200, body: 'first' });
  assert.equal((await fetch(`${holder.platform.url}/healthz`)).status, 200);
});

test('the password is made once, for its owner alone', async () => {
  await using folder = await dataFolder();
  const file = join(folder.path, 'password');
  let password: string;
  {
    await using first = await TestPlatform.start({ dataDir: folder.path, threads: 1 });
    password = first.platform.password;
    assert.equal((await readFile(file, 'utf8')).trim(), password);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.ok(password.length >= 32);
  }
  await using second = await TestPlatform.start({ dataDir: folder.path, threads: 1 });
  assert.equal(second.platform.password, password);
});
