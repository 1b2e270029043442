/** The HTTP server that a function of Google's functions-framework is as a process, byte by byte. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildProgram, hasCompiler, Server } from './process.ts';

const MIRROR = { source: 'mirror.cpp', entry: 'Mirror' };
const SILENCE_MS = 10_000;

/** What comes back on one connection, until the server closes it or `enough` says so. */
function talk(
  path: string | { host: string; port: number },
  pieces: readonly string[],
  enough: (text: string) => boolean = () => false,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = typeof path === 'string' ? connect(path) : connect(path);
    let text = '';
    const end = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(SILENCE_MS, () => reject(new Error(`silence behind: ${text}`)));
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (enough(text)) end();
    });
    socket.once('end', end);
    socket.once('error', reject);
    void (async () => {
      for (const piece of pieces) {
        socket.write(piece, 'latin1');
        await sleep(5);
      }
    })();
  });
}

if (!hasCompiler()) test('there is a C++ compiler', { skip: 'there is none on this machine' });
else
  describe('a server', () => {
    let server: Server | undefined;
    before(async () => {
      server = await Server.start(buildProgram(MIRROR), { env: { WEFT_REQUEST_BYTES: '100000' } });
    });
    after(() => server?.close());
    const said = (...pieces: string[]): Promise<string> => talk(server?.socket ?? '', pieces);
    /** On a connection that is then closed. */
    const echo = async (head: string, ...body: string[]): Promise<string> => {
      const text = await said(`POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${head}\r\n`, ...body);
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
      return text.slice(text.indexOf('\r\n\r\n') + 4);
    };

    test('answers with a length and what the function set, and nothing else', async () => {
      const text = await said('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi');
      assert.equal(text, 'HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi');
    });

    test('keeps the connection, and answers requests in their order', async () => {
      const one = 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n';
      const text = await talk(server?.socket ?? '', [`${one}1${one}2\r\n${one}3`], (all) => all.endsWith('3'));
      assert.deepEqual(
        [...text.matchAll(/\r\n\r\n(.)/g)].map(([, body]) => body),
        ['1', '2', '3'],
      );
      assert.ok(!text.includes('Connection'));
    });

    test('HTTP/1.0 keeps it when asked', async () => {
      assert.match(await said('GET /x HTTP/1.0\r\n\r\n'), /\r\nConnection: close\r\n[^]*GET \/x 1\.0\n/);
      const kept = await talk(server?.socket ?? '', ['GET /x HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n'], (all) =>
        all.includes('Keep-Alive\n'),
      );
      assert.match(kept, /\r\nConnection: keep-alive\r\n/);
    });

    test('HEAD has the length of the body, and no body', async () => {
      const text = await said('HEAD /shared HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      assert.match(text, /\r\nContent-Length: 15\r\n[^]*\r\n\r\n$/);
    });

    test('204 and 304 have neither', async () => {
      for (const status of ['204', '304']) {
        const text = await said(`POST /status HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\n${status}`);
        assert.equal(text, `HTTP/1.1 ${status} \r\nConnection: close\r\n\r\n`);
      }
    });

    test('a function can close the connection', async () => {
      const text = await said('POST /framing HTTP/1.1\r\nHost: a\r\n\r\n');
      assert.equal(text, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nthree');
    });

    test('a body in chunks, with extensions and a trailer', async () => {
      assert.equal(
        await echo('Transfer-Encoding: chunked\r\n', '5;a=b\r\nhel', 'lo\r\n1\r', '\n \r\nA\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n'),
        'hello 0123456789',
      );
    });

    test('a head and a body in single bytes', async () => {
      const whole = 'POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc';
      assert.match(await said(...whole.split('')), /abc$/);
    });

    test('100-continue is answered before the body comes', async () => {
      const text = await talk(
        server?.socket ?? '',
        ['POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n'],
        (all) => all.includes('\r\n\r\n'),
      );
      assert.equal(text, 'HTTP/1.1 100 Continue\r\n\r\n');
    });

    test('many connections at once', async () => {
      const bodies = Array.from({ length: 200 }, (_, at) => `body ${at}`);
      const answers = await Promise.all(bodies.map(async (body) => server?.send({ target: '/echo', body })));
      assert.deepEqual(
        answers.map((answer) => answer?.body),
        bodies,
      );
    });

    const REFUSED: Readonly<Record<string, readonly [string, number]>> = {
      'no HTTP at all': ['hello there\r\n\r\n', 400],
      'no version': ['GET /\r\n\r\n', 400],
      'another version': ['GET / HTTP/2.0\r\n\r\n', 505],
      'a blank in the target': ['GET /a b HTTP/1.1\r\n\r\n', 400],
      'a method that is none': ['G(T / HTTP/1.1\r\n\r\n', 400],
      'a header without colon': ['GET / HTTP/1.1\r\nHost\r\n\r\n', 400],
      'a blank before the colon': ['GET / HTTP/1.1\r\nHost : a\r\n\r\n', 400],
      'a header that goes on in the next line': ['GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n', 400],
      'a control character': ['GET / HTTP/1.1\r\nA: b\u0000c\r\n\r\n', 400],
      'a bare line feed': ['GET / HTTP/1.1\r\nA: b\nContent-Length: 5\r\n\r\n', 400],
      'two lengths': ['POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
      'a length that is none': ['POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na', 400],
      'a length beyond all': ['POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n', 400],
      'a length and chunks': ['POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
      'chunks in HTTP/1.0': ['POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
      'another coding': ['POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n', 501],
      'a chunk of no size': ['POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n', 400],
      'a chunk of too great a size': ['POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n', 400],
      'a chunk longer than it says': ['POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n', 400],
      'a body over the limit': [`POST / HTTP/1.1\r\nContent-Length: 100001\r\n\r\n${'x'.repeat(100_001)}`, 413],
      'a body over the limit, before it is sent': ['POST / HTTP/1.1\r\nContent-Length: 100001\r\nExpect: 100-continue\r\n\r\n', 413],
      'chunks over the limit': [
        `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${'8000\r\n'.concat('x'.repeat(0x8000), '\r\n').repeat(4)}`,
        413,
      ],
      'a head over the limit': [`GET / HTTP/1.1\r\nA: ${'x'.repeat(70_000)}\r\n\r\n`, 431],
    };
    for (const [name, [text, status]] of Object.entries(REFUSED)) {
      test(`refuses ${name}`, async () => {
        assert.match(await said(text), new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\nConnection: close\r\n`));
        assert.equal((await server?.send({ target: '/after' }))?.status, 200);
      });
    }

    test('a client that goes away in the middle does no harm', async () => {
      for (const text of [
        '',
        'GET',
        'POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc',
        'POST /echo HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(50),
      ]) {
        const socket = connect(server?.socket ?? '');
        await once(socket, 'connect');
        socket.write(text);
        socket.destroy();
      }
      assert.equal((await server?.send({ target: '/after' }))?.status, 200);
    });

    test('a request that there is no memory for is refused, and the others are not ended with it', async () => {
      const program = ['-c', 'ulimit -v 150000; exec "$0"', buildProgram(MIRROR)];
      const small = await Server.start('/bin/sh', { args: program, env: { WEFT_REQUEST_BYTES: '1000000000' } });
      try {
        const head = 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 200000000\r\n\r\n';
        // How much of it is read before memory ends, and so whether the answer still finds its way, is the machine's business.
        const piece = 'x'.repeat(10_000_000);
        await talk(small.socket, [head, ...Array.from({ length: 20 }, () => piece)]).then(
          (text) => assert.match(text, /^HTTP\/1\.1 503 [^]*\r\nConnection: close\r\n/),
          (error: NodeJS.ErrnoException) => assert.match(error.code ?? '', /^(EPIPE|ECONNRESET)$/),
        );
        assert.equal((await small.send({ target: '/after' })).status, 200);
      } finally {
        await small.close();
      }
    });

    test('what stands around the chunks of a body takes no memory', async () => {
      const small = await Server.start('/bin/sh', { args: ['-c', 'ulimit -v 100000; exec "$0"', buildProgram(MIRROR)] });
      try {
        const head = 'POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
        const chunk = `1;${'e'.repeat(50_000)}\r\na\r\n`;
        const text = await talk(small.socket, [`${head}${chunk.repeat(2000)}0\r\n\r\n`]);
        assert.match(text, /^HTTP\/1\.1 200 [^]*\r\n\r\na{2000}$/);
      } finally {
        await small.close();
      }
    });

    test('a large body of which some comes byte by byte is whole', async () => {
      const roomy = await Server.start(buildProgram(MIRROR));
      const half = Buffer.alloc(12_000_000, 'x');
      const socket = connect(roomy.socket);
      try {
        await new Promise((resolve) =>
          socket.write(`POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${2 * half.length + 300}\r\n\r\n`, resolve),
        );
        await new Promise((resolve) => socket.write(half, resolve));
        await sleep(100); // what of it is still in the socket is read
        for (let at = 0; at < 300; at++) {
          socket.write('y');
          await sleep(1);
        }
        socket.write(half);
        const pieces: Buffer[] = [];
        for await (const piece of socket) pieces.push(piece as Buffer);
        const text = Buffer.concat(pieces).toString('latin1');
        assert.ok(text.endsWith(`\r\n\r\n${half.toString()}${'y'.repeat(300)}${half.toString()}`));
      } finally {
        socket.destroy();
        await roomy.close();
      }
    });

    for (const [what, limit] of [
      ['files', 'ulimit -n 20'],
      ['threads', 'ulimit -v 100000'],
    ] as const) {
      test(`when there are no more ${what}, an idle connection makes room for the next`, async () => {
        const small = await Server.start('/bin/sh', { args: ['-c', `${limit}; exec "$0"`, buildProgram(MIRROR)] });
        const kept: Socket[] = [];
        try {
          for (let at = 0; at < 24; at++) kept.push(await answered(small.socket));
        } finally {
          for (const socket of kept) socket.destroy();
          await small.close();
        }
      });
    }

    describe('on a port', () => {
      const program = buildProgram(MIRROR);
      const ask = (host: string, port: number): Promise<string> => talk({ host, port }, ['GET /x HTTP/1.0\r\n\r\n']);

      test('--port comes before PORT, and both before 8080', async () => {
        const [one, two] = [await freePort(), await freePort()];
        await running(program, { args: ['--port', String(one)], env: { PORT: String(two) }, port: one }, async () => {
          assert.match(await ask('127.0.0.1', one), /GET \/x 1\.0/);
          await assert.rejects(ask('127.0.0.1', two), { code: 'ECONNREFUSED' });
        });
        await running(program, { env: { PORT: String(two) }, port: two }, async () => {
          assert.match(await ask('127.0.0.1', two), /GET \/x 1\.0/);
        });
      });

      test('--address says where; IPv6 too; names are not looked up', async (t) => {
        const port = await freePort();
        await running(program, { args: [`--port=${port}`, '--address=127.0.0.1'], port }, async () => {
          assert.match(await ask('127.0.0.1', port), /GET \/x/);
        });
        const failed = await running(program, { args: [`--port=${port}`, '--address=localhost'], port }, async () => {});
        assert.match(failed, /^exit 1\nStandard C\+\+ exception thrown .*localhost/);
        if (!(await hasIpv6())) return t.diagnostic('this machine has no IPv6');
        await running(program, { args: [`--port=${port}`, '--address=::1'], host: '::1', port }, async () => {
          assert.match(await ask('::1', port), /GET \/x/);
        });
      });

      test('the last answer on a connection arrives whole, though more was sent behind its request', async () => {
        const port = await freePort();
        await running(program, { args: [`--port=${port}`], port }, async () => {
          const socket = connect({ host: '127.0.0.1', port });
          const length = 4_000_000;
          const head = `POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`;
          // Until all of it is sent nothing is read: then the server has most of its answer still to send when it is done.
          await new Promise((resolve) => socket.write(`${head}${'x'.repeat(length)}\r\n`, resolve));
          let received = 0;
          for await (const bytes of socket) received += (bytes as Buffer).length;
          assert.ok(received > length, `${received} bytes`);
        });
      });

      test('RunForTest tells the port, and ends when it is told to, after the last answer', async () => {
        const child = spawn(buildProgram({ source: 'test-server.cpp' }), ['--port=0', '--address=127.0.0.1'], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const ended = once(child, 'close') as Promise<[number | null]>;
        const [line] = (await once(child.stdout, 'data')) as [Buffer];
        for (const _connection of [1, 2]) assert.match(await ask('127.0.0.1', Number(line)), /served\n$/);
        assert.deepEqual((await ended)[0], 0);
      });

      test('a port that is taken ends the program with 1', async () => {
        const taken = createServer().listen(0, '127.0.0.1');
        await once(taken, 'listening');
        const { port } = taken.address() as { port: number };
        // Somebody listens there, but not the program: it is looked at somewhere else, in vain.
        const failed = await running(program, { args: [`--port=${port}`], host: '127.0.0.2', port }, async () => {});
        assert.match(failed, /^exit 1\nStandard C\+\+ exception thrown cannot bind to 0\.0\.0\.0:\d+/);
        taken.close();
      });
    });
  });

/** A connection that has had an answer, and stays. */
async function answered(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.write('GET /x HTTP/1.1\r\nHost: a\r\n\r\n');
  const [bytes] = (await once(socket, 'data', { signal: AbortSignal.timeout(SILENCE_MS) })) as [Buffer];
  assert.match(bytes.toString(), /^HTTP\/1\.1 200 /);
  return socket;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function hasIpv6(): Promise<boolean> {
  const server = createServer().listen(0, '::1');
  const there = await Promise.race([once(server, 'listening').then(() => true), once(server, 'error').then(() => false)]);
  server.close();
  return there;
}

/** Uses a program when it listens there; how it ended, and what it printed. */
async function running(
  path: string,
  { args = [], env = {}, host = '127.0.0.1', port }: { args?: string[]; env?: Record<string, string>; host?: string; port: number },
  use: () => Promise<void>,
): Promise<string> {
  const child = spawn(path, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const ended = once(child, 'close') as Promise<[number | null]>;
  try {
    while (child.exitCode === null && !(await listens({ host, port }))) await sleep(5);
    if (child.exitCode === null) await use();
  } finally {
    child.kill('SIGKILL');
  }
  const [code] = await ended;
  return `exit ${code}\n${said}`;
}

function listens(where: { host: string; port: number }): Promise<boolean> {
  const socket = connect(where);
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).then((there) => {
    socket.destroy();
    return there === true;
  });
}
