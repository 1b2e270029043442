/** Functions that are files, as a browser finds them. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { staticDriver } from '../../src/drivers/static/driver.ts';
import { AppFolder, only, refusal } from '../manifest/app-folder.ts';
import { TestEngine } from '../engine/harness.ts';
import { type Asked, Request, send } from './programs.ts';

const FILES = {
  'index.html': '<h1>home</h1>',
  'style.css': 'h1 { color: red }',
  'a b/ü.txt': 'umlaut',
  'docs/index.html': '<h1>docs</h1>',
  'docs/data.bin': '0123456789',
  'empty/nothing.JSON': '{}',
  'big.dat': 'x'.repeat(5000),
};

/** Knows whether an answer came whole: then the connection tells the length of its body. */
class Sized extends Request {
  sized = false;

  override respond(status: number, head: Uint8Array, body: Uint8Array): void {
    this.sized = true;
    super.respond(status, head, body);
  }
}

suite('a static function', () => {
  let engine: TestEngine;
  before(async () => {
    engine = await TestEngine.start({ drivers: { static: staticDriver() } });
    const files = Object.fromEntries(Object.entries(FILES).map(([path, text]) => [`/public/${path}`, Buffer.from(text)]));
    const outcome = await engine.deploy({
      site: {
        files: { ...files, '/etc/secret': Buffer.from('no') },
        limits: { responseBytes: 4000 },
        spec: { contract: 'http', isolation: { kind: 'static', root: '/public' } },
      },
    });
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  });
  after(() => engine.close());

  const get = async (target: string, { headers = [], method = 'GET' }: Asked = {}) => {
    const { status, head, body } = await send(engine, 'site', new Request({ method, target, headers }));
    const fields = head
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(/: (.*)/s).slice(0, 2));
    return { status, body, fields: Object.fromEntries(fields) as Record<string, string> };
  };

  test('gives each file with its type', async () => {
    for (const [target, type, body] of [
      ['/style.css', 'text/css; charset=utf-8', FILES['style.css']],
      ['/a%20b/%C3%BC.txt', 'text/plain; charset=utf-8', 'umlaut'],
      ['/docs/data.bin', 'application/octet-stream', '0123456789'],
      ['/empty/nothing.JSON', 'application/json', '{}'],
    ] as const) {
      const answer = await get(target);
      assert.deepEqual([answer.status, answer.fields['Content-Type'], answer.body], [200, type, body]);
    }
  });

  test('a folder is its index, at an address that ends in a slash', async () => {
    for (const target of ['/', '/index.html']) assert.equal((await get(target)).body, FILES['index.html']);
    assert.equal((await get('/docs/')).body, FILES['docs/index.html']);
    const { status, fields } = await get('/docs');
    assert.deepEqual([status, fields['Location']], [301, 'docs/']);
  });

  test('what is not there is 404: no listing, and no way out of the folder', async () => {
    for (const target of [
      '/none',
      '/empty',
      '/empty/',
      '/docs/none',
      '/style.css/',
      '//style.css',
      '/../etc/secret',
      '/%2e%2e/etc/secret',
      '/docs/../style.css',
      '/..%2fetc%2fsecret',
      '/etc/secret',
      '/constructor',
    ])
      assert.equal((await get(target)).status, 404, target);
    for (const target of ['/%00', '/%ff', '/%zz']) assert.equal((await get(target)).status, 400, target);
  });

  test('HEAD is GET without the body, which the connection leaves out; other verbs are 405', async () => {
    assert.deepEqual((await get('/style.css', { method: 'HEAD' })).fields, (await get('/style.css')).fields);
    const { status, fields } = await get('/style.css', { method: 'POST' });
    assert.deepEqual([status, fields['Allow']], [405, 'GET, HEAD']);
  });

  test('what a client has already is not sent again', async () => {
    const etag = (await get('/style.css')).fields['ETag'] ?? '';
    assert.match(etag, /^"[0-9a-f]{32}"$/);
    for (const value of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await get('/style.css', { headers: [`If-None-Match: ${value}`] });
      assert.deepEqual([answer.status, answer.body, answer.fields['ETag']], [304, '', etag]);
    }
    assert.equal((await get('/style.css', { headers: ['If-None-Match: "other"'] })).status, 200);
    assert.notEqual((await get('/')).fields['ETag'], etag);
  });

  test('a range is a part', async () => {
    const etag = (await get('/docs/data.bin')).fields['ETag'] ?? '';
    for (const [range, status, body, shown] of [
      ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
      ['bytes=7-', 206, '789', 'bytes 7-9/10'],
      ['bytes=-3', 206, '789', 'bytes 7-9/10'],
      ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
      ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
      ['bytes=10-', 416, 'there is no such range\n', 'bytes */10'],
      ['bytes=-0', 416, 'there is no such range\n', 'bytes */10'],
      ['bytes=4-2', 200, '0123456789', undefined],
      ['bytes=1-2,4-5', 200, '0123456789', undefined],
      ['lines=1-2', 200, '0123456789', undefined],
    ] as const) {
      const answer = await get('/docs/data.bin', { headers: [`Range: ${range}`] });
      assert.deepEqual([answer.status, answer.body, answer.fields['Content-Range']], [status, body, shown], range);
    }
    assert.equal((await get('/docs/data.bin', { headers: ['Range: bytes=0-1', `If-Range: ${etag}`] })).status, 206);
    assert.equal((await get('/docs/data.bin', { headers: ['Range: bytes=0-1', 'If-Range: "old"'] })).status, 200);
  });

  test('a file that is larger than an answer may be goes out in pieces, and to HEAD its head alone', async () => {
    const { status, body, fields } = await get('/big.dat');
    assert.deepEqual([status, body.length], [200, 5000]);
    assert.deepEqual(await get('/big.dat', { method: 'HEAD' }), { status, body: '', fields });
  });

  test('the length of no body is not told as that of a file', async () => {
    const sized = async (target: string, method: string, headers: string[] = []): Promise<[number, boolean]> => {
      const request = new Sized({ method, target, headers });
      const { status } = await send(engine, 'site', request);
      return [status, request.sized];
    };
    assert.deepEqual(await sized('/style.css', 'GET', ['If-None-Match: *']), [304, false]);
    assert.deepEqual(await sized('/big.dat', 'HEAD', ['If-None-Match: *']), [304, false]);
    assert.deepEqual(await sized('/big.dat', 'HEAD'), [200, false]);
    assert.deepEqual(await sized('/style.css', 'HEAD'), [200, true]);
  });
});

suite('static in the manifest', () => {
  test('names a folder, whose files are packed', async (t) => {
    const folder = await AppFolder.with({ 'www/index.html': 'x', 'www/tmp/a.css': 'y' }, t);
    const fn = only(await folder.loadYaml('app: a\nfunctions: {site: {static: www}}'));
    assert.deepEqual(
      [fn.contract, fn.isolation, fn.build, fn.files],
      [
        'http',
        { kind: 'static', root: '/public' },
        { kind: 'none' },
        { '/public/index.html': folder.at('www/index.html'), '/public/tmp/a.css': folder.at('www/tmp/a.css') },
      ],
    );
  });

  const MISTAKES: readonly (readonly [string, string])[] = [
    ['{static: none}', '3:15: cannot use the folder "none": there is no such file or folder'],
    ['{static: f.c}', '3:15: "f.c" is a file, not a folder'],
    ['{static: empty}', '3:15: "empty" has no file in it'],
    ['{static: www, sources: [f.c]}', '3:7: functions.f.static and "sources" exclude each other'],
    ['{static: www, args: [x]}', '3:20: args is for isolation context and process and container; this function has isolation static'],
    ['{static: www, isolation: process}', '3:31: nothing runs in a function that is static; it has no isolation process'],
    ['{static: www, contract: stdio}', '3:30: contract stdio cannot have isolation static: there it is http'],
  ];
  for (const [fn, mistake] of MISTAKES) {
    test(`${fn} is a mistake`, async (t) => {
      const folder = await AppFolder.with({ 'f.c': '', 'www/a.txt': '' }, t);
      await mkdir(folder.at('empty'));
      const { message } = await refusal(folder.loadYaml(`app: a\nfunctions:\n  f: ${fn}\n`));
      assert.ok(message.includes(mistake), message);
    });
  }
});
