import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureHost } from '../../src/toolchain/index.ts';
import { compileC, FOLDER, FROM_HOST, HostProcess, isRunning, residentKiB, runPayload, TO_HOST, until } from './host.ts';

const MiB = 1024 * 1024;
/** More than weft-host may ever hold, with all that a C program has anyway. */
const MAX_RESIDENT_KIB = 4096;
const SIGSEGV = 11;
const SIGKILL = 9;

async function start(...program: readonly string[]): Promise<HostProcess> {
  const host = await HostProcess.start(['fork', '--', ...program]);
  await host.expect(FROM_HOST.ready);
  return host;
}
const shell = (script: string): Promise<HostProcess> => start('/bin/sh', '-c', script);

describe('weft-host fork', () => {
  test('each request is a process of its own, with its environment, input, output, errors and exit code', async () => {
    await using host = await shell('cat; echo "$WORD $$ ${HOME-none}" >&2; exit 7');
    const first = await host.run({ WORD: 'one' }, 'in');
    const second = await host.run({ WORD: 'two' });
    assert.deepEqual([first.exitCode, first.signal, first.stdout], [7, 0, 'in']);
    assert.match(first.stderr, /^one \d+ none\n$/);
    assert.match(second.stderr, /^two \d+ none\n$/);
    assert.notEqual(first.stderr.split(' ')[1], second.stderr.split(' ')[1]);
  });

  test('ten megabytes go in and out, and weft-host holds next to nothing of them', async () => {
    await using host = await start('cat');
    const body = Buffer.alloc(10 * MiB, 'weft ');
    const { stdout, exitCode } = await host.run({}, body);
    assert.equal(exitCode, 0);
    assert.ok(Buffer.from(stdout, 'latin1').equals(body));
    assert.ok(residentKiB(host) < MAX_RESIDENT_KIB, `${residentKiB(host)} KiB`);
  });

  test('a program that does not read its input gets its answer through, and the rest of the input is dropped', async () => {
    await using host = await shell('echo done');
    assert.equal((await host.run({}, Buffer.alloc(10 * MiB))).stdout, 'done\n');
    assert.equal((await host.run({}, 'small')).stdout, 'done\n');
  });

  test('a flood that nobody reads stops the program, not weft-host, whose memory stays as it was', async () => {
    await using host = await shell('yes | head -c 200000000');
    host.output.pause();
    host.send(TO_HOST.run, runPayload({}, ''));
    await until(() => host.output.readableLength > 0 || host.output.isPaused());
    await sleep(300); // what could pile up would have by now
    assert.ok(residentKiB(host) < MAX_RESIDENT_KIB, `${residentKiB(host)} KiB`);
    host.send(TO_HOST.kill);
    host.output.resume();
    assert.equal((await host.untilEnd()).signal, SIGKILL);
  });

  test('a flood on one stream does not hold up the other', async () => {
    await using host = await shell('yes & echo said >&2; sleep 60');
    host.send(TO_HOST.run, runPayload({}, ''));
    for (let frame = await host.next(); frame?.type !== FROM_HOST.stderr; frame = await host.next());
    host.send(TO_HOST.kill);
    await host.untilEnd();
  });

  test('a crash is told by its signal, and the next request runs', async () => {
    await using host = await start(
      compileC('crash', '#include <stdio.h>\nint main(void) { puts("before"); fflush(stdout); *(volatile int *)0 = 1; }'),
    );
    for (let times = 0; times < 2; times++) {
      const { signal, exitCode, stdout } = await host.run();
      assert.deepEqual({ signal, exitCode, stdout }, { signal: SIGSEGV, exitCode: 0, stdout: 'before\n' });
    }
  });

  test('KILL ends the request with all its processes, also when its input is not read', async () => {
    await using host = await shell('sleep 1000 & echo $!; sleep 1000');
    for (const bytes of [0, 300 * 1024]) {
      host.send(TO_HOST.run, runPayload({}, Buffer.alloc(bytes)));
      const sleeper = Number((await host.expect(FROM_HOST.stdout)).toString());
      host.send(TO_HOST.kill);
      assert.equal((await host.untilEnd()).signal, SIGKILL);
      await until(() => !isRunning(sleeper));
    }
  });

  test('KILL of a request that is over means nothing', async () => {
    await using host = await shell('echo on');
    await host.run();
    host.send(TO_HOST.kill);
    assert.equal((await host.run()).stdout, 'on\n');
  });

  test('a request is over with its program, whoever still has its output open; what is left behind is ended', async () => {
    await using host = await shell('setsid sh -c "echo \\$\\$; exec sleep 1000" & sleep 0.1; echo over');
    const { stdout } = await host.run();
    assert.match(stdout, /over\n$/);
    const stray = Number(stdout.split('\n')[0]);
    await host.run(); // begins when nothing is left of the first
    assert.ok(!isRunning(stray));
  });

  test('programs see descriptors 0, 1 and 2, and nothing else', async () => {
    await using host = await shell('ls /proc/$$/fd');
    assert.equal((await host.run({ PATH: '/usr/bin:/bin' })).stdout, '0\n1\n2\n');
  });

  test('limits hold for the program', async () => {
    const host = await HostProcess.start(['--nofile', '32', '--core', '0', 'fork', '--', '/bin/sh', '-c', 'ulimit -n; ulimit -c']);
    await using running = host;
    await running.expect(FROM_HOST.ready);
    assert.equal((await running.run()).stdout, '32\n0\n');
  });

  test('a program that cannot be run is said on standard error, with the exit code of shells', async () => {
    await using missing = await start('/no/such/program');
    const run = await missing.run();
    assert.deepEqual([run.exitCode, run.stderr], [127, 'weft-host: cannot run /no/such/program: No such file or directory\n']);
    await using folder = await start('/usr');
    assert.equal((await folder.run()).exitCode, 126);
  });

  test('an environment larger than programs can have is refused, and only that request', async () => {
    await using host = await shell('echo "$WORD"');
    assert.equal((await host.run({ WORD: 'x'.repeat(300_000) }, 'input')).exitCode, 126);
    assert.equal((await host.run({ WORD: 'y' })).stdout, 'y\n');
  });

  test('frames may come in any pieces', async () => {
    await using host = await shell('cat; echo "$WORD"');
    const payload = runPayload({ WORD: 'pieces' }, 'input ');
    const frame = Buffer.concat([Buffer.from([payload.length, 0, 0, 0, TO_HOST.run, 0, 0, 0]), payload]);
    for (const byte of frame) {
      host.input.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    assert.equal((await host.untilEnd()).stdout, 'input pieces\n');
  });

  test('closing descriptor 3 ends everything', async () => {
    const host = await shell('sleep 1000 & echo $!; sleep 1000');
    host.send(TO_HOST.run, runPayload({}, ''));
    const sleeper = Number((await host.expect(FROM_HOST.stdout)).toString());
    host.hangUp();
    await host.ended();
    await until(() => !isRunning(sleeper));
  });

  test('nothing survives a platform that was killed', async () => {
    const told = join(mkdtempSync(join(FOLDER, 'orphans-')), 'pids');
    const script = `
      const { spawn } = require('node:child_process');
      const host = spawn(${JSON.stringify(await ensureHost(FOLDER))}, ['fork', '--', '/bin/sh', '-c', ${JSON.stringify(`sleep 1000 & echo $PPID $$ $! > ${told}; sleep 1000`)}], { stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe'] });
      const run = Buffer.alloc(12); run.writeUInt32LE(4, 0); run.writeUInt32LE(1, 4); host.stdio[3].write(run);`;
    const platform = spawn(process.execPath, ['-e', script], { stdio: 'inherit' });
    await until(() => existsSync(told) && readFileSync(told, 'utf8').endsWith('\n'));
    const pids = readFileSync(told, 'utf8').trim().split(' ').map(Number);
    assert.equal(pids.length, 3);
    platform.kill('SIGKILL');
    await once(platform, 'exit');
    for (const pid of pids) await until(() => !isRunning(pid));
  });

  test('a frame of another kind of worker ends it', async () => {
    const host = await shell('cat');
    host.send(TO_HOST.call);
    assert.deepEqual(await host.ended(), { code: 125, signal: null });
    assert.match(host.stderr, /^weft-host: frame: /);
  });
});
