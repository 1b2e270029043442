import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRNO, FILETYPE, MAX_IOVECS, MAX_RANDOM_BYTES, WHENCE } from '../../src/engine/host/wasi/preview1.ts';
import { Client, type Stat } from './client.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const [STDIN, STDOUT, STDERR] = [0, 1, 2];

test('all functions of preview 1 exist', () => {
  const expected = `args_get args_sizes_get clock_res_get clock_time_get environ_get environ_sizes_get fd_advise fd_allocate fd_close
    fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size fd_filestat_set_times
    fd_pread fd_prestat_dir_name fd_prestat_get fd_pwrite fd_read fd_readdir fd_renumber fd_seek fd_sync fd_tell fd_write
    path_create_directory path_filestat_get path_filestat_set_times path_link path_open path_readlink path_remove_directory path_rename
    path_symlink path_unlink_file poll_oneoff proc_exit proc_raise random_get sched_yield sock_accept sock_recv sock_send sock_shutdown`;
  assert.deepEqual(new Client().names.toSorted(), expected.split(/\s+/));
});

test('what is not offered answers ENOSYS', () => {
  const client = new Client();
  for (const name of ['proc_raise', 'sock_accept', 'sock_recv', 'sock_send', 'sock_shutdown'])
    assert.equal(client.call(name, 0, 0, 0), ERRNO.nosys);
});

test('a program reads its request from stdin, piece by piece', () => {
  const client = new Client({ program: { stdin: Buffer.from('hello world') } });
  assert.equal(client.read(STDIN, 5), 'hello');
  assert.equal(client.read(STDIN, 100), ' world');
  assert.equal(client.read(STDIN, 100), '');
  assert.equal(client.seek(STDIN, 0n, WHENCE.set), -ERRNO.spipe);
  assert.equal(client.write(STDIN, 'x'), -ERRNO.notcapable);
});

test('what a program prints is collected, and nothing of it is logged', () => {
  const client = new Client({ program: {} });
  client.write(STDOUT, 'hello');
  for (let i = 0; i < 1000; i++) client.write(STDOUT, `, ${i}`);
  const expected = `hello${Array.from({ length: 1000 }, (_, i) => `, ${i}`).join('')}`;
  assert.equal(text(client.state.stdout), expected);
  client.flush();
  assert.deepEqual(client.logs, []);
  assert.equal(client.state.overflow, false);
});

test('an answer over the limit is refused', () => {
  const client = new Client({ program: {}, responseBytes: 100 });
  assert.equal(client.write(STDOUT, 'x'.repeat(100)), 100);
  assert.equal(client.state.overflow, false);
  assert.equal(client.write(STDOUT, 'x'), -ERRNO.fbig);
  assert.equal(client.state.overflow, true);
  assert.equal(client.state.stdout.length, 100);
});

test('without a program, stdout is a terminal that prints to the log, line by line', () => {
  const client = new Client();
  client.write(STDOUT, 'one\ntwo\n\nth');
  client.write(STDERR, 'oops');
  client.write(STDOUT, 'ree\nrest');
  assert.deepEqual(client.logs, ['info: one', 'info: two', 'info: ', 'info: three']);
  client.flush();
  assert.deepEqual(client.logs.slice(4), ['info: rest', 'error: oops']);
  client.flush();
  assert.equal(client.logs.length, 6);
  assert.equal((client.statOpen(STDOUT) as Stat).filetype, FILETYPE.characterDevice);
});

test('a long line is cut, however it was written', () => {
  const client = new Client({ program: {} });
  client.write(STDERR, `${'a'.repeat(9000)}\nnext\n`);
  for (let i = 0; i < 100; i++) client.write(STDERR, 'b'.repeat(99));
  client.write(STDERR, '\nlast\n');
  assert.deepEqual(client.logs, [`error: ${'a'.repeat(8192)}…`, 'error: next', `error: ${'b'.repeat(8192)}…`, 'error: last']);
});

test('a flood of output costs a bounded part of the log, whatever the lines look like', () => {
  for (const line of ['\n', 'x\n', `${'x'.repeat(100)}\n`, 'x'.repeat(50_000)]) {
    const client = new Client();
    const piece = line.repeat(Math.ceil(100_000 / line.length));
    for (let i = 0; i < 50; i++) assert.equal(client.write(STDOUT, piece), piece.length);
    client.flush();
    const bytes = client.logs.reduce((sum, entry) => sum + entry.length, 0);
    assert.ok(bytes <= 300 * 1024 && client.logs.length <= 5000, `${client.logs.length} lines, ${bytes} bytes`);
    if (line.endsWith('\n')) assert.match(client.logs.at(-1) ?? '', /^warn: … more was dropped/);
  }
});

test('a replayed request logs nothing twice', () => {
  const client = new Client({ journal: true });
  client.write(STDOUT, 'one\ntwo');
  client.rollBack();
  client.journal?.rewind(1, -4);
  client.write(STDOUT, 'one\ntwo');
  client.flush();
  assert.deepEqual(client.logs, ['info: one', 'info: two']);
});

test('a replayed request sees the same times and random bytes', () => {
  const client = new Client({ journal: true });
  const run = (): unknown[] => {
    client.call('clock_time_get', 0, 0n, 64);
    client.call('random_get', 200, 32);
    client.save('tmp/f', 'x');
    return [client.u64(64), text(client.bytes.slice(200, 232)), (client.stat('tmp/f') as Stat).modified];
  };
  const first = run();
  client.rollBack();
  client.journal?.rewind(1, -4);
  assert.deepEqual(run(), first);
});

test('a context that keeps its state begins each request with new streams, and its files stay', () => {
  const client = new Client({ program: { stdin: Buffer.from('first') } });
  assert.equal(client.read(STDIN, 9), 'first');
  client.write(STDOUT, '1');
  client.save('tmp/kept', 'kept');
  client.close(STDOUT);
  client.call('proc_exit', 3);
  client.nextRequest({ program: { stdin: Buffer.from('second'), env: { N: '2' } } });
  assert.equal(client.read(STDIN, 9), 'second');
  client.write(STDOUT, '2');
  assert.equal(text(client.state.stdout), '2');
  assert.equal(client.state.exitCode, undefined);
  assert.equal(client.load('tmp/kept'), 'kept');
});

test('arguments and environment are laid out as C wants them', () => {
  const client = new Client({ args: ['-v', '', 'ä'], program: { env: { A: '1', B: 'zwei = 2', N: 'a\0b' } } });
  const strings = (what: string): string[] => {
    assert.equal(client.call(`${what}_sizes_get`, 64, 68), 0);
    const [count, bytes] = [client.u32(64), client.u32(68)];
    assert.equal(client.call(`${what}_get`, 100, 500), 0);
    const pointers = Array.from({ length: count }, (_, i) => client.u32(100 + i * 4));
    assert.ok(pointers.every((p) => p >= 500 && p < 500 + bytes));
    return pointers.map((p) => text(client.bytes.slice(p, client.bytes.indexOf(0, p))));
  };
  assert.deepEqual(strings('args'), ['prog', '-v', '', 'ä']);
  assert.deepEqual(strings('environ'), ['A=1', 'B=zwei = 2']);
});

test('a function that is no program has the environment of its manifest', () => {
  const client = new Client({ env: { GRANTED: 'yes' } });
  client.call('environ_get', 100, 500);
  assert.equal(text(client.bytes.slice(500, 512)), 'GRANTED=yes\0');
});

test('clocks tell real and monotonic time, and no other', () => {
  const client = new Client();
  assert.equal(client.call('clock_time_get', 0, 0n, 64), 0);
  assert.ok(Math.abs(Number(client.u64(64) / 1_000_000n) - Date.now()) < 60_000);
  client.call('clock_time_get', 1, 0n, 64);
  client.call('clock_time_get', 1, 0n, 72);
  assert.ok(client.u64(72) >= client.u64(64) && client.u64(64) > 0n);
  assert.equal(client.call('clock_res_get', 1, 64), 0);
  assert.equal(client.call('clock_time_get', 2, 0n, 64), ERRNO.inval);
  assert.equal(client.call('clock_res_get', 9, 64), ERRNO.inval);
});

test('random fills what it was given, within a bound', () => {
  const client = new Client();
  assert.equal(client.call('random_get', 1000, 64), 0);
  assert.ok(new Set(client.bytes.subarray(1000, 1064)).size > 16);
  assert.equal(client.bytes[1064], 0);
  assert.equal(client.call('random_get', 0, MAX_RANDOM_BYTES + 1), ERRNO.inval);
});

test('pointers outside of memory end the function, wherever they are', () => {
  const client = new Client({ program: { stdin: Buffer.from('x') } });
  const end = client.memory.buffer.byteLength;
  const bad = [
    () => client.call('args_get', end - 2, 0),
    () => client.call('args_sizes_get', -4, 0),
    () => client.call('environ_sizes_get', 0, end - 3),
    () => client.call('clock_time_get', 0, 0n, end - 7),
    () => client.call('random_get', end - 8, 9),
    () => client.call('fd_write', 1, end - 4, 1, 0),
    () => client.call('fd_write', 1, 128, 1, -1),
    () => client.call('fd_fdstat_get', 1, end - 23),
    () => client.call('fd_filestat_get', 1, end - 63),
    () => client.call('fd_prestat_get', 3, end),
    () => client.call('fd_prestat_dir_name', 3, end, 1),
    () => client.call('fd_readdir', 3, end - 10, 11, 0n, 0),
    () => client.call('path_open', 3, 0, end - 1, 2, 0, 0n, 0n, 0, 0),
  ];
  client.view.setUint32(128, end - 1, true);
  client.view.setUint32(132, 2, true);
  bad.push(
    () => client.call('fd_write', 1, 128, 1, 64),
    () => client.call('fd_read', 0, 128, 1, 64),
  );
  for (const attempt of bad) assert.throws(attempt, RangeError, String(attempt));
  assert.equal(client.call('fd_write', 1, 0, MAX_IOVECS + 1, 64), ERRNO.inval);
});

test('memory that grew between calls is found', () => {
  const client = new Client({ program: {} });
  client.write(STDOUT, 'a');
  client.memory.grow(1);
  const last = client.memory.buffer.byteLength - 1;
  client.bytes[last] = 'b'.charCodeAt(0);
  client.view.setUint32(128, last, true);
  client.view.setUint32(132, 1, true);
  assert.equal(client.call('fd_write', 1, 128, 1, 64), 0);
  assert.equal(text(client.state.stdout), 'ab');
});
