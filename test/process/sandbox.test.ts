/** What a function in a process sees, and what it tries in vain. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { TestEngine } from '../engine/harness.ts';
import { cannotRun, processFunction, Workbench } from './harness.ts';

suite('a function in a process', { skip: cannotRun() }, () => {
  let bench: Workbench;
  let engine: TestEngine;
  let shared: string;
  const say = async (command: string, name = 'probe'): Promise<string> => {
    const { status, body } = await engine.call(name, command);
    assert.equal(status, 200, body);
    return body.trim();
  };

  before(async () => {
    bench = await Workbench.open();
    engine = await bench.engine();
    shared = await mkdtemp(join(tmpdir(), 'weft-mounted-'));
    await writeFile(join(shared, 'given'), 'from outside');
    const program = await bench.build('probe');
    const mounts = [
      { from: shared, to: '/data/shared', writable: true },
      { from: shared, to: '/data/looked-at', writable: false },
    ];
    const outcome = await engine.deploy({
      probe: processFunction({
        program,
        files: { '/assets/words/de.txt': Buffer.from('packed'), '/data/packed.txt': Buffer.from('beside mounts') },
        isolation: { mounts, workDir: '/assets/work' },
        spec: { env: { GREETING: 'hello' }, secrets: { KEY: 's3cret' }, args: ['one', 'two words'] },
      }),
      other: processFunction({ program, spec: { env: { PRIVATE: 'of the other' } } }),
      online: processFunction({ program, isolation: { network: 'host' } }),
    });
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  });
  after(async () => {
    await engine.close();
    await rm(shared, { recursive: true, force: true });
    await bench[Symbol.asyncDispose]();
  });

  test('sees a read-only system and what it was given', async () => {
    const root = (await say('list /')).split('\n').filter((name) => !/^(bin|sbin|lib.*)$/.test(name));
    assert.deepEqual(root.sort(), ['assets', 'data', 'dev', 'etc', 'function', 'proc', 'tmp', 'usr', 'var']);
    assert.equal(await say('read /assets/words/de.txt'), 'packed');
    assert.equal(await say('read /data/packed.txt'), 'beside mounts');
    assert.equal(await say('read /data/shared/given'), 'from outside');
    assert.equal(await say('arguments'), 'one\ntwo words');
    assert.equal(await say('cwd'), '/assets/work');
    assert.equal(await say('id'), '1000 1000');
    assert.match(await say('read /etc/passwd'), /^function:x:1000:/);
  });

  test('has the environment it was granted, and nothing of the platform', async () => {
    const env = (await say('env')).split('\n').filter((line) => !/^(Http_|HEADER_|CONTENT_|METHOD|ROUTE|REQUEST_URL)/.test(line));
    assert.deepEqual(env.sort(), [
      'GREETING=hello',
      'HOME=/tmp',
      'KEY=s3cret',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'TMPDIR=/tmp',
    ]);
    assert.equal(await say('read /var/openfaas/secrets/KEY'), 's3cret');
    assert.doesNotMatch(await say('env', 'other'), /hello|s3cret/);
  });

  test('does not show its secrets to other users of the machine', async () => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    for (const pid of pids) assert.doesNotMatch(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''), /s3cret/);
  });

  test('cannot read or list files of the machine', async () => {
    const secret = join(bench.folder, 'secret');
    await writeFile(secret, 'of the host', { mode: 0o644 });
    for (const path of [secret, import.meta.filename, '/etc/shadow', '/root', '/proc/1/environ', '/proc/kcore', '/sys/kernel'])
      assert.match(await say(`read ${path}`), /No such file|denied|not permitted|Is a directory/, path);
    for (const path of ['/home', '/root', '/sys', '/run']) assert.match(await say(`list ${path}`), /No such file|denied/, path);
  });

  test('cannot write outside of /tmp and writable mounts', async () => {
    for (const path of [
      '/x',
      '/usr/x',
      '/etc/passwd',
      '/dev/x',
      '/function/program',
      '/assets/words/de.txt',
      '/data/looked-at/given',
      '/proc/sys/kernel/core_pattern',
      '/var/x',
    ])
      assert.match(await say(`write ${path}`), /Read-only|denied/, path);
    for (const path of ['/tmp/x', '/dev/shm/x']) assert.equal(await say(`write ${path}`), 'ok', path);
    assert.equal(await say('list /tmp', 'other'), '', 'another function has a /tmp of its own');
  });

  test('writes to a mounted folder as nobody that matters outside', async () => {
    assert.equal(await say('write /data/shared/made'), 'ok');
    const made = join(shared, 'made');
    assert.equal(await readFile(made, 'utf8'), 'written');
    await say('chmod /data/shared/made');
    assert.notEqual((await stat(made)).uid, 0, 'a program with the set-user-ID bit of root would be a way out');
    assert.equal(await say('read /data/looked-at/made'), 'written');
  });

  test('sees no process of others, and can do nothing to any', async () => {
    const pids = (await say('list /proc')).split('\n').filter((name) => /^\d+$/.test(name));
    assert.ok(pids.length <= 6, `${pids.length} processes`);
    assert.doesNotMatch(await say('read /proc/1/cmdline'), /node/);
    assert.match(await say(`kill ${process.pid}`), /No such process/);
    assert.match(await say('ptrace 1'), /not permitted/);
  });

  test("has a network with nothing in it but its own loopback, unless it was granted the machine's", async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    const hidden = createServer((socket) => socket.destroy()).listen(`\0weft-test-${process.pid}`);
    try {
      await new Promise((resolve) => server.once('listening', resolve));
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : 0;
      assert.match(await say(`connect 127.0.0.1 ${port}`), /refused/);
      assert.match(await say('connect 192.0.2.1 80'), /unreachable/);
      assert.match(await say(`abstract weft-test-${process.pid}`), /refused/, 'abstract sockets belong to a network, too');
      assert.equal(await say(`connect 127.0.0.1 ${port}`, 'online'), 'ok');
      assert.match(await say('list /etc', 'online'), /nsswitch|resolv|ssl/);
    } finally {
      server.close();
      hidden.close();
    }
  });

  test('gets no more power', async () => {
    for (const command of ['mount', 'remount', 'setuid']) assert.match(await say(command), /not permitted|Invalid/, command);
    assert.match(
      await say('read /proc/self/status'),
      /CapEff:\t0000000000000000\nCapBnd:\t0000000000000000[\s\S]*NoNewPrivs:\t1\nSeccomp:\t2/,
    );
  });

  test('leaves nothing behind that outlives its request', async () => {
    const before = (await say('list /proc')).split('\n').filter((name) => /^\d+$/.test(name)).length;
    await say('leave');
    const afterwards = (await say('list /proc')).split('\n').filter((name) => /^\d+$/.test(name)).length;
    assert.equal(afterwards, before);
  });
});
