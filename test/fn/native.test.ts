/** The kit for Fn as a program (docs/contracts/fn.md): the handshake of its contract, HTTP/1.1 on its socket, and its end. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readlinkSync, watch, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMostlyAsleep } from '../process/asleep.ts';
import { buildNative, type Client, NativeFunction, ROOT, withoutCompiler } from './native.ts';

const TRIGGERED = ['Fn-Intent: httprequest', 'Fn-Http-Method: PUT', 'Fn-Http-Request-Url: http://h/t/a?b=c'];

describe('a function of the kit as a program', { skip: withoutCompiler() }, () => {
  let program = '';
  before(() => {
    program = buildNative('many.c');
  });

  test('its name appears last, as a relative link to a socket anybody may write to, whatever the umask', async () => {
    const old = process.umask(0o077);
    const fn = await NativeFunction.spawn(program).finally(() => process.umask(old));
    await using _ = fn;
    const seen = await new Promise<{ mode: number; socket: boolean; target: string }>((resolve, reject) => {
      const look = (): void => {
        try {
          const target = readlinkSync(fn.listener);
          const stat = lstatSync(join(fn.folder, target));
          watcher.close();
          resolve({ mode: stat.mode & 0o777, socket: stat.isSocket(), target });
        } catch (cause) {
          if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') reject(cause);
        }
      };
      const watcher = watch(fn.folder, look);
      look();
    });
    assert.deepEqual(seen, { mode: 0o666, socket: true, target: 'phonylsnr.sock' });
    using client = await fn.connect();
    assert.equal((await client.call('ready')).text, 'ready');
  });

  for (const [name, env, reason] of [
    ['another format', { FN_FORMAT: 'json' }, /FN_FORMAT is not "http-stream".*json/],
    ['no format', { FN_FORMAT: undefined }, /FN_FORMAT is not "http-stream"/],
    ['no listener', { FN_LISTENER: undefined }, /FN_LISTENER is not "unix:"/],
    ['a listener that is no Unix socket', { FN_LISTENER: 'tcp:8080' }, /FN_LISTENER is not "unix:" and a path: tcp:8080/],
    ['a listener that is a folder', { FN_LISTENER: 'unix:/tmp/' }, /names no file/],
    ['a listener in no folder', { FN_LISTENER: 'unix:/nowhere/at/all' }, /Cannot use the folder of FN_LISTENER: No such file/],
    ['a listener that is too long', { FN_LISTENER: `unix:/${'x'.repeat(107)}` }, /longer than the path of a socket/],
    ['an initialiser that refuses', { REFUSE: '1' }, /fn_init failed/],
  ] as const) {
    test(`with ${name} it exits with an error that says so`, async () => {
      await using fn = await NativeFunction.spawn(program, env);
      assert.equal(await fn.exited, 1);
      while (fn.output === '') await sleep(1);
      assert.match(fn.output, reason);
      assert.deepEqual(readdirSync(fn.folder), []);
    });
  }

  test('a path of 107 bytes is one it can listen at', async () => {
    await using place = await NativeFunction.start(program);
    const listener = join(place.folder, 'x'.repeat(107 - place.folder.length - 1));
    await using fn = await NativeFunction.spawn(program, { FN_LISTENER: `unix:${listener}` });
    while (!existsSync(listener)) await sleep(2);
    assert.equal(await fn.stop(), 0);
  });

  test('what a killed one left behind is not in its way, and its own is removed when it ends', async () => {
    await using fn = await NativeFunction.start(program);
    assert.equal(await fn.stop('SIGKILL'), 'SIGKILL');
    assert.equal(readdirSync(fn.folder).length, 2);
    writeFileSync(join(fn.folder, 'other'), '');
    const env = { FN_LISTENER: `unix:${fn.listener}` };
    await using next = await NativeFunction.spawn(program, env);
    while (next.process.exitCode === null) {
      const client = await fn.connect().catch(() => undefined);
      if (client) {
        assert.equal((await client.call('again')).text, 'again');
        client[Symbol.dispose]();
        break;
      }
      await sleep(2);
    }
    assert.equal(await next.stop(), 0);
    assert.deepEqual(readdirSync(fn.folder), ['other']);
  });

  test('a call goes in and out: id, deadline, configuration, headers; and the kit says which it is', async () => {
    await using fn = await NativeFunction.start(program, { GREETING: 'hej', FN_LISTENER_X: '' });
    using client = await fn.connect();
    const { status, headers, text } = await client.call('', ['X-Do: describe', 'Content-Type: a/b', 'X-Empty:', 'X-Blank: \t c \t']);
    assert.equal(status, 200);
    assert.equal(
      text,
      `id=01CALL\ndeadline=2031-05-06T07:08:09.250Z\nms=${Date.parse('2031-05-06T07:08:09.250Z')}\nintent=\nmethod=POST\nurl=\ntype=a/b\nconfig=hej\nmemory=128\nfunction=none\nHost=localhost\nFn-Call-Id=01CALL\nFn-Deadline=2031-05-06T07:08:09.250Z\nX-Do=describe\nContent-Type=a/b\nX-Empty=\nX-Blank=c\nContent-Length=0\n`,
    );
    assert.ok(headers.includes('Fn-Fdk-Version: fdk-c/1.0.0') && headers.includes('Fn-Fdk-Runtime: c'));
  });

  test('deadlines are read as RFC 3339 has them, and what is none is 0', async () => {
    await using fn = await NativeFunction.start(program);
    using client = await fn.connect();
    const dates = ['1970-01-01T00:00:00Z', '2000-02-29T23:59:59.5Z', '2024-12-31T23:00:00.123456789-01:30', '2100-03-01T00:00:00+14:00'];
    const none = [
      '',
      'soon',
      '2024-13-01T00:00:00Z',
      '2024-01-01 00:00:00Z',
      '2024-01-01T00:00:00',
      '2024-01-01T00:00:00+1',
      '2024-01-01T00:00:00.Q',
      '2024-01-01T00:00:00.Z',
      '2024-01-01T00:00:00Z soon',
      '2024-00-01T00:00:00Z',
      '2024-01-00T00:00:00Z',
      '2024-01-99T00:00:00Z',
      '2024-04-31T00:00:00Z',
      '2023-02-29T00:00:00Z',
      '2100-02-29T00:00:00Z',
      '2024-01-01T25:00:00Z',
      '2024-01-01T00:60:00Z',
      '2024-01-01T00:00:61Z',
      '2024-01-01T00:00:00+24:00',
      '2024-01-01T00:00:00+00:60',
    ];
    for (const date of [...dates, ...none]) {
      client.socket.write(`POST /call HTTP/1.1\r\nFn-Deadline: ${date}\r\nX-Do: describe\r\n\r\n`);
      const told = Number(/^ms=(.*)$/m.exec((await client.reply()).text)?.[1]);
      assert.equal(told, none.includes(date) ? 0 : Math.floor(Date.parse(date)), date);
    }
    // Date.parse knows no leap second.
    client.socket.write('POST /call HTTP/1.1\r\nFn-Deadline: 2016-12-31T23:59:60Z\r\nX-Do: describe\r\n\r\n');
    assert.match((await client.reply()).text, new RegExp(`^ms=${Date.parse('2017-01-01T00:00:00Z')}$`, 'm'));
  });

  test("a client's request is its method, its URL and its own headers", async () => {
    await using fn = await NativeFunction.start(program);
    using client = await fn.connect();
    const { text } = await client.call('', [...TRIGGERED, 'Fn-Http-H-X-Do: describe', 'Fn-Http-H-Accept: */*', 'Content-Type: a/b']);
    assert.equal(
      text.replace(/id=.*\n.*\n.*\n/, ''),
      'intent=httprequest\nmethod=PUT\nurl=http://h/t/a?b=c\ntype=a/b\nconfig=none\nmemory=128\nfunction=none\nX-Do=describe\nAccept=*/*\nContent-Type=a/b\n',
    );
  });

  test('its answer has status, type and headers as Fn maps them to HTTP', async () => {
    await using fn = await NativeFunction.start(program);
    using client = await fn.connect();
    const { status, headers, text } = await client.call('', [...TRIGGERED, 'Fn-Http-H-X-Do: answer']);
    assert.deepEqual([status, text], [200, 'short and stout']);
    assert.deepEqual(headers.slice(0, 5), [
      'Content-Length: 15',
      'Fn-Http-Status: 418',
      'Content-Type: text/x-tea',
      'Fn-Http-H-X-Made: one',
      'Fn-Http-H-X-Made: two',
    ]);
    const plain = await client.call('', ['X-Do: answer']);
    assert.ok(plain.headers.includes('X-Made: one'));
  });

  test('a failure is a 502 without what was written before, and the next call is served', async () => {
    await using fn = await NativeFunction.start(program);
    using client = await fn.connect();
    const failed = await client.call('', ['X-Do: fail']);
    assert.deepEqual([failed.status, failed.text], [502, 'function failed\n']);
    assert.equal((await client.call('still here')).text, 'still here');
    assert.equal((await client.call('', ['X-Do: illegal'])).text, 'refused');
    assert.equal((await client.call('', ['X-Do: bodies'])).text, 'abcdef');
    assert.equal((await client.call('', ['X-Do: count'])).text, 'started 1, call 5');
  });

  test('bodies of any bytes and sizes come back as they are, one after the other on one connection', async () => {
    await using fn = await NativeFunction.start(program);
    using client = await fn.connect();
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    for (const body of [Buffer.alloc(0), every, Buffer.alloc(10 * 1024 * 1024, every), Buffer.from('žluťoučký 🐎'), Buffer.alloc(65_537)]) {
      const reply = await client.call(body, ['Content-Type: application/octet-stream']);
      assert.equal(reply.status, 200);
      assert.ok(reply.body.equals(body));
      assert.ok(reply.headers.includes('Content-Type: application/octet-stream'));
    }
  });

  test('a body may come in chunks, and anything in pieces', async () => {
    await using fn = await NativeFunction.start(program);
    using client = await fn.connect();
    const request =
      'POST /call HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n' +
      'A;x=y\r\n0123456789\r\n1\r\n\n\r\n0\r\nX-Trailer: z\r\n\r\n';
    client.socket.setNoDelay(true);
    for (const byte of request) {
      client.socket.write(byte);
      await new Promise(setImmediate);
    }
    assert.equal((await client.reply()).text, 'abc0123456789\n');
    client.socket.write(request + request);
    assert.equal((await client.reply()).text, 'abc0123456789\n');
    assert.equal((await client.reply()).text, 'abc0123456789\n');
  });

  test('who asks whether to go on is told so', async () => {
    await using fn = await NativeFunction.start(program);
    using client = await fn.connect();
    client.socket.write('POST /call HTTP/1.1\r\nHost: l\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n');
    assert.equal((await client.reply()).status, 100);
    client.socket.write('ok');
    assert.equal((await client.reply()).text, 'ok');
  });

  test('a connection that is idle, or in the middle of a request, is not in the way of another', async () => {
    await using fn = await NativeFunction.start(program);
    using idle = await fn.connect();
    using half = await fn.connect();
    half.socket.write('POST /call HTTP/1.1\r\nHost: l\r\nContent-Length: 4\r\n\r\nha');
    for (let i = 0; i < 100; i += 1) {
      using client = await fn.connect();
      assert.equal((await client.call(`${i}`)).text, `${i}`);
    }
    half.socket.write('lf');
    assert.equal((await half.reply()).text, 'half');
    assert.equal((await idle.call('late')).text, 'late');
  });

  test('out of files it lets connections wait, costs nothing meanwhile, and serves each when another has gone', async () => {
    await using fn = await NativeFunction.start('/bin/sh', {}, ['-c', 'ulimit -n 16; exec "$0"', program]);
    const served: Client[] = [];
    const waiting: { readonly client: Client; readonly reply: Promise<string> }[] = [];
    try {
      // It would take 32 of them.
      for (let at = 0; at < 16; at++) {
        const client = await fn.connect();
        const reply = client.call(`${at}`).then(({ text }) => text);
        if ((await Promise.race([reply, sleep(500, 'waits')])) === 'waits') waiting.push({ client, reply });
        else served.push(client);
        if (waiting.length === 3) break;
      }
      assert.deepEqual([served.length > 0, waiting.length], [true, 3]);
      assert.ok(await isMostlyAsleep(fn.process.pid));
      assert.equal((await served[0]?.call('still'))?.text, 'still');
      for (const [at, { client, reply }] of waiting.entries()) {
        (served[at] ?? waiting[at - served.length]?.client)?.[Symbol.dispose]();
        assert.equal(await reply, `${served.length + at}`);
        assert.equal((await client.call('again')).text, 'again');
      }
    } finally {
      for (const { client } of waiting) client[Symbol.dispose]();
      for (const client of served) client[Symbol.dispose]();
    }
  });

  for (const [name, bytes, status] of [
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['of another version', 'POST /call HTTP/2.0\r\n\r\n', 400],
    ['of a header without a colon', 'POST /call HTTP/1.1\r\nbroken\r\n\r\n', 400],
    ['of a folded header', 'POST /call HTTP/1.1\r\nA: b\r\n c: d\r\n\r\n', 400],
    ['of a header with a blank before its colon', 'POST /call HTTP/1.1\r\nA : b\r\n\r\n', 400],
    ['with a NUL in its head', 'POST /call HTTP/1.1\r\nA: b\0c\r\n\r\n', 400],
    ['of two lengths', 'POST /call HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    ['of a length that is none', 'POST /call HTTP/1.1\r\nContent-Length: -1\r\n\r\n', 400],
    ['of a length no machine has', `POST /call HTTP/1.1\r\nContent-Length: ${'9'.repeat(40)}\r\n\r\n`, 400],
    ['chunked and of a length', 'POST /call HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['of another coding', 'POST /call HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n', 501],
    ['of a chunk without a size', 'POST /call HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n', 400],
    ['of a chunk no machine has', `POST /call HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${'f'.repeat(30)}\r\n`, 400],
    ['of a chunk that is longer than it says', 'POST /call HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n', 400],
    ['of a head without an end', `POST /call HTTP/1.1\r\nA: ${'b'.repeat(300_000)}`, 431],
  ] as const) {
    test(`a request that is ${name} is refused, and its connection closed; others are served`, async () => {
      await using fn = await NativeFunction.start(program);
      using client = await fn.connect();
      client.socket.write(bytes, 'latin1');
      assert.equal((await client.reply()).status, status);
      while (!client.closed) await sleep(1);
      using other = await fn.connect();
      assert.equal((await other.call('fine')).text, 'fine');
    });
  }

  test('what is no call is not found; HTTP/1.0 and Connection: close end the connection', async () => {
    await using fn = await NativeFunction.start(program);
    using client = await fn.connect();
    client.socket.write('GET /call HTTP/1.1\r\nHost: l\r\n\r\n');
    assert.equal((await client.reply()).status, 404);
    assert.equal((await client.call('on')).text, 'on');
    assert.equal((await client.call('last', ['Connection: keep, close'])).text, 'last');
    while (!client.closed) await sleep(1);
    using old = await fn.connect();
    old.socket.write('POST /call HTTP/1.0\r\nContent-Length: 1\r\n\r\nx');
    assert.equal((await old.reply()).text, 'x');
    while (!old.closed) await sleep(1);
  });

  test('an answer to HEAD is a head alone', async () => {
    await using fn = await NativeFunction.start(program);
    using client = await fn.connect();
    client.socket.write('HEAD /call HTTP/1.1\r\nHost: l\r\n\r\n');
    assert.deepEqual(await client.reply().then(({ status, text }) => [status, text]), [404, '']);
    assert.equal((await client.call('next')).text, 'next');
  });

  test('what it prints is there when it has answered, though nobody flushed it', async () => {
    await using fn = await NativeFunction.start(program);
    using client = await fn.connect();
    await client.call('', ['X-Do: log']);
    while (!/said on stdout[^]*said on stderr|said on stderr[^]*said on stdout/.test(fn.output)) await sleep(1);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} ends it between requests, with status 0 and its socket removed`, async () => {
      await using fn = await NativeFunction.start(program);
      using client = await fn.connect();
      await client.call('x');
      assert.equal(await fn.stop(signal), 0);
      assert.deepEqual(readdirSync(fn.folder), []);
    });
  }

  test('a function that exits removes its socket; one that crashes cuts the connection', async () => {
    await using exiting = await NativeFunction.start(program);
    using first = await exiting.connect();
    await assert.rejects(first.call('', ['X-Do: exit']), /connection ended/);
    assert.equal(await exiting.exited, 3);
    assert.deepEqual(readdirSync(exiting.folder), []);
    await using crashing = await NativeFunction.start(program);
    using second = await crashing.connect();
    await assert.rejects(second.call('', ['X-Do: crash']), /connection ended/);
    await crashing.exited;
    assert.equal(crashing.process.signalCode, 'SIGABRT');
  });
});

test("examples/fn is built by the command of its Dockerfile, and serves Fn's contract", { skip: withoutCompiler() }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weft-fn-'));
  try {
    const [, command = ''] = /^RUN (.*)$/m.exec(await readFile(join(ROOT, 'examples/fn/Dockerfile'), 'utf8')) ?? [];
    const places = { '/sdk/': join(ROOT, 'sdk/'), '/greet.c': join(ROOT, 'examples/fn/greet.c'), '/function': join(folder, 'function') };
    const [compiler = '', ...words] = command.split(' ');
    const args = words.map((word) =>
      Object.entries(places).reduce((given, [from, to]) => (given.startsWith(from) ? given.replace(from, to) : given), word),
    );
    execFileSync(compiler, args);
    await using fn = await NativeFunction.start(join(folder, 'function'), { GREETING: 'Hej' });
    using client = await fn.connect();
    assert.equal((await client.call('Ada')).text, 'Hej, Ada!\n');
    assert.equal((await client.call()).text, 'Hej, World!\n');
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('a function of the C++ kit as a program', { skip: withoutCompiler() }, () => {
  test('has the request, answers, and fails by exceptions without ending', async () => {
    await using fn = await NativeFunction.start(buildNative('upper.cpp'));
    using client = await fn.connect();
    const { status, headers, text } = await client.call('abc', [...TRIGGERED, 'Fn-Http-H-X-A: b', 'Fn-Http-H-X-C: d']);
    assert.deepEqual([status, text], [200, 'hello ABC']);
    assert.ok(headers.includes('Fn-Http-Status: 201') && headers.includes('Fn-Http-H-X-Headers: 2'));
    assert.equal((await client.call('', ['X-Throw: noon'])).status, 502);
    assert.equal((await client.call('', ['X-Illegal: yes'])).status, 502);
    assert.equal((await client.call('x')).text, 'hello X');
    while (!/uncaught C\+\+ exception: cannot set the status: not legal here/.test(fn.output)) await sleep(1);
    assert.match(fn.output, /uncaught C\+\+ exception: thrown at noon\n/);
  });

  test('a NUL in the name or value of a header, or in the type, is refused; nothing is found by a name with one', async () => {
    await using fn = await NativeFunction.start(buildNative('upper.cpp'));
    using client = await fn.connect();
    const { text, headers } = await client.call('', ['X-Nul: yes']);
    assert.equal(text, '0 taken');
    assert.ok(!headers.some((line) => line.includes('X-A')), headers.join('\n'));
  });
});
