/** weft-host before a program that is a server: bridge and exec. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, statSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureHost } from '../../src/toolchain/index.ts';
import { isMostlyAsleep } from '../process/asleep.ts';
import { FOLDER, isRunning, residentKiB, until } from './host.ts';

const MiB = 1024 * 1024;

/** Answers each connection with what it got, when that has ended; `quit` ends the server with 3. */
const ECHO = `
const { createServer } = require('node:net');
createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {}).on('close', () => console.log('closed'));
  socket.on('data', (data) => { if (String(data) === 'quit') process.exit(3); if (!socket.write(data)) { socket.pause(); socket.once('drain', () => socket.resume()); } });
  socket.on('end', () => socket.end());
}).listen(+process.argv[1], process.argv[2], () => console.log('listening'));`;

class Bridge {
  readonly path = join(mkdtempSync(join(FOLDER, 'bridge-')), 'socket');
  readonly child: ChildProcess;
  stdout = '';

  /** It may open so many files, and so may its program. */
  static async start(program: (port: number) => readonly string[], files?: number): Promise<Bridge> {
    const port = await freePort();
    return new Bridge(await ensureHost(FOLDER), port, program(port), files);
  }

  private constructor(host: string, port: number, program: readonly string[], files: number | undefined) {
    const limited = files === undefined ? [] : ['/bin/sh', '-c', `ulimit -n ${files}; exec "$0" "$@"`];
    const [command = '', ...args] = [...limited, host, 'bridge', this.path, String(port), '--', ...program];
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.child.stdout?.on('data', (text: Buffer) => {
      this.stdout += text.toString();
    });
  }

  get listens(): boolean {
    return statSync(this.path, { throwIfNoEntry: false }) !== undefined;
  }

  async connect(): Promise<Socket> {
    await until(() => this.listens);
    const socket = connect({ path: this.path, allowHalfOpen: true });
    await once(socket, 'connect');
    return socket.on('error', () => {});
  }

  async ask(bytes: Uint8Array): Promise<Buffer> {
    const socket = await this.connect();
    socket.end(bytes);
    const pieces: Buffer[] = [];
    for await (const piece of socket) pieces.push(piece as Buffer);
    return Buffer.concat(pieces);
  }

  async ended(): Promise<number | NodeJS.Signals | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode ?? this.child.signalCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGTERM');
    await this.ended();
  }
}

/** 0 where nobody can listen on that address. */
async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host);
  try {
    await once(server, 'listening');
  } catch {
    return 0;
  }
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

const echo = (address: string, files?: number) => async (): Promise<Bridge> => {
  const bridge = await Bridge.start((port) => [process.execPath, '-e', ECHO, String(port), address], files);
  await until(() => bridge.stdout.includes('listening'));
  return bridge;
};

describe('weft-host bridge', () => {
  for (const address of ['127.0.0.1', '::1']) {
    test(`joins connections with a server on ${address}; ten megabytes both ways, many at once`, async (t) => {
      if ((await freePort(address)) === 0) return t.skip(`this machine has no ${address}`);
      await using bridge = await echo(address)();
      await until(() => bridge.listens);
      assert.equal(statSync(bridge.path).mode & 0o777, 0o600);
      const bodies = [0, 1, 1000, 10 * MiB, ...Array.from({ length: 40 }, (_, at) => at * 1000)].map((bytes) =>
        Buffer.alloc(bytes, 'weft '),
      );
      const answers = await Promise.all(bodies.map((body) => bridge.ask(body)));
      for (const [at, answer] of answers.entries()) assert.ok(answer.equals(bodies[at] ?? Buffer.alloc(0)), `answer ${at}`);
    });
  }

  test('nobody is let in before the server listens, and whoever is then is answered', async () => {
    await using bridge = await Bridge.start((port) => [
      '/bin/sh',
      '-c',
      'sleep 0.5; exec "$0" "$@"',
      process.execPath,
      '-e',
      ECHO,
      String(port),
      '127.0.0.1',
    ]);
    for (const until = performance.now() + 400; performance.now() < until; await sleep(5)) assert.ok(!bridge.listens);
    assert.equal((await bridge.ask(Buffer.from('hello'))).toString(), 'hello');
  });

  test('a program that never listens is ended as any other', async () => {
    const bridge = await Bridge.start(() => ['/bin/sleep', '1000']);
    await sleep(100);
    bridge.child.kill('SIGTERM');
    assert.equal(await bridge.ended(), 128 + 15);
  });

  test('a client that is gone is gone for the server', async () => {
    await using bridge = await echo('127.0.0.1')();
    const socket = await bridge.connect();
    socket.write('x');
    await once(socket, 'data');
    const closed = (): number => bridge.stdout.split('closed').length;
    await until(() => closed() > 1); // the one that found out that it listens
    const before = closed();
    socket.destroy();
    await until(() => closed() > before);
  });

  test('a client that does not read holds up the server, and nothing piles up between', async () => {
    await using bridge = await Bridge.start((port) => [
      process.execPath,
      '-e',
      `require('node:net').createServer((s) => { s.on('error', () => {}); s.write(Buffer.alloc(64 * 1024 * 1024)); }).listen(${port}, '127.0.0.1', () => console.log('listening'))`,
    ]);
    await until(() => bridge.stdout.includes('listening'));
    const socket = await bridge.connect();
    socket.pause();
    await sleep(300); // what could pile up would have by now
    assert.ok(residentKiB(bridge) < 4096, `${residentKiB(bridge)} KiB`);
    socket.destroy();
  });

  test('a server that does not read holds up its client, and gets all of it when it does', async () => {
    const bytes = 20 * MiB;
    await using bridge = await Bridge.start((port) => [
      process.execPath,
      '-e',
      `require('node:net').createServer({ allowHalfOpen: true, pauseOnConnect: true }, (s) => {
         let got = 0; s.on('error', () => {}); s.on('data', (d) => { got += d.length; }); s.on('end', () => s.end(String(got)));
         setTimeout(() => s.resume(), 300); }).listen(${port}, '127.0.0.1')`,
    ]);
    const answer = bridge.ask(Buffer.alloc(bytes));
    await until(() => bridge.listens);
    await sleep(200); // what could pile up would have by now
    assert.ok(residentKiB(bridge) < 4096, `${residentKiB(bridge)} KiB`);
    assert.equal((await answer).toString(), String(bytes));
  });

  test('the last words of a server that closes arrive, also when it closes at once', async () => {
    await using bridge = await Bridge.start((port) => [
      process.execPath,
      '-e',
      `require('node:net').createServer((s) => { s.on('error', () => {}); s.resume(); s.end(Buffer.alloc(100_000, 'bye ')); }).listen(${port}, '127.0.0.1')`,
    ]);
    for (let i = 0; i < 100; i++) assert.equal((await bridge.ask(Buffer.alloc(0))).length, 100_000, `${i}`);
  });

  test('questions and answers of all sizes follow each other on one connection', async () => {
    await using bridge = await echo('127.0.0.1')();
    const socket = await bridge.connect();
    for (const bytes of [1, 2, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 100, 300_000, 1, 1]) {
      socket.write(Buffer.alloc(bytes, 'x'));
      for (let got = 0; got < bytes; ) got += ((await once(socket, 'data')) as [Buffer])[0].length;
    }
    socket.destroy();
  });

  test('more connections than it takes at once wait, and are served', async () => {
    await using bridge = await echo('127.0.0.1')();
    const held = await Promise.all(Array.from({ length: 510 }, () => bridge.connect()));
    const more = Array.from({ length: 20 }, (_, at) => bridge.ask(Buffer.from(`waiting ${at}`)));
    await sleep(50);
    for (const socket of held) socket.destroy();
    for (const [at, answer] of (await Promise.all(more)).entries()) assert.equal(answer.toString(), `waiting ${at}`);
  });

  // A connection takes two files: once they run out before the first of them, once before the second.
  for (const files of [60, 61]) {
    test(`out of ${files} files, connections wait and are served when others have gone; waiting costs nothing`, async () => {
      await using bridge = await echo('127.0.0.1', files)();
      const answered: Socket[] = [];
      const gone: Socket[] = [];
      for (let at = 0; at < 40; at++) {
        const socket = await bridge.connect();
        socket.once('data', () => answered.push(socket)).on('close', () => gone.push(socket));
        socket.write('x');
      }
      await until(() => answered.length + gone.length >= 20);
      await sleep(200); // who is let in is answered by now
      const first = answered.length;
      assert.ok(first < 40);
      assert.ok(await isMostlyAsleep(bridge.child.pid));
      assert.equal(gone.length, 0);
      for (let at = 0; at < 40; at++) {
        await until(() => answered.length > at);
        answered[at]?.destroy();
      }
    });
  }

  test('it ends as its program does', async () => {
    await using bridge = await echo('127.0.0.1')();
    await bridge.ask(Buffer.from('quit'));
    assert.equal(await bridge.ended(), 3);
    const crashed = await Bridge.start(() => ['/bin/sh', '-c', 'kill -SEGV $$']);
    assert.equal(await crashed.ended(), 128 + 11);
    const missing = await Bridge.start(() => ['/no/such/program']);
    assert.equal(await missing.ended(), 127);
  });

  test('SIGTERM is for the program, which may take its time', async () => {
    const bridge = await Bridge.start(() => ['/bin/sh', '-c', 'trap "sleep 0.2; exit 9" TERM; echo ready; while :; do sleep 0.05; done']);
    await until(() => bridge.stdout.includes('ready'));
    bridge.child.kill('SIGTERM');
    assert.equal(await bridge.ended(), 9);
  });

  test('nothing survives a platform that was killed', async () => {
    const host = await ensureHost(FOLDER);
    const socket = join(mkdtempSync(join(FOLDER, 'killed-')), 'socket');
    const command = ['bridge', socket, '9', '--', '/bin/sh', '-c', 'setsid sleep 1000 & echo $PPID $$ $!; sleep 1000'];
    const script = `require('node:child_process').spawn(${JSON.stringify(host)}, ${JSON.stringify(command)}, { stdio: ['ignore', 'inherit', 'inherit'] })`;
    const platform = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(platform.stdout, 'data')) as [Buffer];
    const pids = line.toString().trim().split(' ').map(Number);
    assert.equal(pids.length, 3);
    platform.kill('SIGKILL');
    for (const pid of pids) await until(() => !isRunning(pid));
  });
});

describe('weft-host exec', () => {
  const exec = async (...args: readonly string[]): Promise<{ code: number | null; output: string }> => {
    const child = spawn(await ensureHost(FOLDER), args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += text.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  };

  test('is the program, with its limits, and descriptors 0, 1 and 2 alone', async () => {
    const { code, output } = await exec(
      '--nofile',
      '40',
      '--core',
      '0',
      'exec',
      '--',
      '/bin/sh',
      '-c',
      'ls /proc/$$/fd; ulimit -n; ulimit -c; exit 4',
    );
    assert.deepEqual([code, output], [4, '0\n1\n2\n40\n0\n']);
  });

  test('no privileges can be gained behind it', async () => {
    assert.match((await exec('exec', '--', '/bin/grep', 'NoNewPrivs', '/proc/self/status')).output, /NoNewPrivs:\s+1/);
  });

  test('a program that cannot be run, and a command line that means nothing', async () => {
    assert.deepEqual(await exec('exec', '--', '/no/such/program'), {
      code: 127,
      output: 'weft-host: cannot run /no/such/program: No such file or directory\n',
    });
    for (const args of [
      [],
      ['exec'],
      ['exec', '--'],
      ['dance'],
      ['--nofile'],
      ['--nofile', 'x', 'exec', '--', 'a'],
      ['bridge', 'a', '0', '--', 'b'],
    ]) {
      const { code, output } = await exec(...args);
      assert.equal(code, 125);
      assert.match(output, /usage: weft-host/);
    }
  });
});
