import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileC, FROM_HOST, HostProcess, isRunning, residentKiB, TO_HOST, until } from './host.ts';

const MiB = 1024 * 1024;
const SIGKILL = 9;

async function start(...program: readonly string[]): Promise<HostProcess> {
  const host = await HostProcess.start(['hot', '--', ...program], { ...process.env, WORD: 'of the platform' });
  await host.expect(FROM_HOST.ready);
  return host;
}
const shell = (script: string): Promise<HostProcess> => start('/bin/sh', '-c', script);

/** Reads standard output until so many bytes came. */
async function read(host: HostProcess, bytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let got = 0; got < bytes; ) {
    const piece = await host.expect(FROM_HOST.stdout);
    pieces.push(piece);
    got += piece.length;
  }
  return Buffer.concat(pieces);
}

describe('weft-host hot', () => {
  test('one process takes what it is fed, piece by piece, and lives on', async () => {
    await using host = await shell('while read -r line; do echo "$$ $line"; done');
    host.send(TO_HOST.feed, Buffer.from('one\n'));
    const first = (await host.expect(FROM_HOST.stdout)).toString();
    host.send(TO_HOST.feed, Buffer.from('tw'));
    host.send(TO_HOST.feed);
    host.send(TO_HOST.feed, Buffer.from('o\n'));
    const second = (await host.expect(FROM_HOST.stdout)).toString();
    assert.match(first, /^\d+ one\n$/);
    assert.equal(second, first.replace('one', 'two'));
  });

  test('many pieces in one packet are all fed', async () => {
    await using host = await start('cat');
    const pieces = Array.from({ length: 1000 }, (_, at) => Buffer.from(`piece ${at}\n`));
    host.input.cork();
    for (const piece of pieces) host.send(TO_HOST.feed, piece);
    host.input.uncork();
    const whole = Buffer.concat(pieces);
    assert.ok((await read(host, whole.length)).equals(whole));
  });

  test('ten megabytes go in and out, and weft-host holds next to nothing of them', async () => {
    await using host = await start('cat');
    const body = Buffer.alloc(10 * MiB, 'weft ');
    host.send(TO_HOST.feed, body);
    assert.ok((await read(host, body.length)).equals(body));
    assert.ok(residentKiB(host) < 4096, `${residentKiB(host)} KiB`);
  });

  test('the program has the environment of weft-host', async () => {
    await using host = await shell('echo "$WORD"; cat');
    assert.equal((await host.expect(FROM_HOST.stdout)).toString(), 'of the platform\n');
  });

  test('its end is told, with all it wrote before; then weft-host ends as well', async () => {
    await using host = await shell('head -c 200000 /dev/zero; echo last >&2; exit 3');
    const { exitCode, signal, stdout, stderr } = await host.untilEnd();
    assert.deepEqual([exitCode, signal, stdout.length, stderr], [3, 0, 200000, 'last\n']);
    assert.deepEqual(await host.ended(), { code: 0, signal: null });
  });

  test('a crash is told by its signal', async () => {
    const program = compileC('hot-crash', '#include <stdlib.h>\nint main(void) { abort(); }');
    await using host = await start(program);
    assert.equal((await host.untilEnd()).signal, 6);
  });

  test('a program that does not read holds up nobody but itself, and KILL reaches it', async () => {
    await using host = await shell('sleep 1000 & echo $!; sleep 1000');
    const sleeper = Number((await host.expect(FROM_HOST.stdout)).toString());
    host.send(TO_HOST.feed, Buffer.alloc(300 * 1024));
    host.send(TO_HOST.kill);
    assert.equal((await host.untilEnd()).signal, SIGKILL);
    await until(() => !isRunning(sleeper));
  });

  test('a flood that nobody reads is not piled up', async () => {
    await using host = await shell('yes');
    host.output.pause();
    await sleep(300); // what could pile up would have by now
    assert.ok(residentKiB(host) < 4096, `${residentKiB(host)} KiB`);
  });

  test('a program that cannot be run is never ready', async () => {
    const host = await HostProcess.start(['hot', '--', '/no/such/program']);
    const run = await host.untilEnd();
    assert.deepEqual([run.exitCode, run.stderr], [127, 'weft-host: cannot run /no/such/program: No such file or directory\n']);
    assert.deepEqual(await host.ended(), { code: 0, signal: null });
  });

  test('closing descriptor 3 ends everything', async () => {
    const host = await shell('setsid sleep 1000 & echo $!; sleep 1000');
    const stray = Number((await host.expect(FROM_HOST.stdout)).toString());
    host.hangUp();
    await host.ended();
    await until(() => !isRunning(stray));
  });
});
