import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRNO, FDFLAGS, FILETYPE, FSTFLAGS, OFLAGS, RIGHTS, WHENCE } from '../../src/engine/host/wasi/preview1.ts';
import { Client, READ, ROOT, type Stat, WRITE } from './client.ts';

const packed = { '/etc/greeting.txt': Buffer.from('hello'), '/etc/deep/er/file': Buffer.from('x'), plain: Buffer.from('') };

/** A file for reading and writing. */
function create(client: Client, path: string, fdflags = 0): number {
  const fd = client.open(path, { oflags: OFLAGS.creat, rights: READ | WRITE, fdflags });
  assert.ok(fd > ROOT, `cannot create ${path}: errno ${-fd}`);
  return fd;
}

function statOf(stat: Stat | number): Stat {
  if (typeof stat === 'number') assert.fail(`errno ${-stat}`);
  return stat;
}

test('packed files are read below /, with the folders their paths imply', () => {
  const client = new Client({ files: packed });
  assert.equal(client.load('etc/greeting.txt'), 'hello');
  assert.equal(client.load('etc/../etc/./deep//er/file'), 'x');
  assert.equal(client.load('plain'), '');
  assert.deepEqual(client.list('.'), ['tmp', 'etc', 'plain']);
  assert.deepEqual(client.list('etc'), ['greeting.txt', 'deep']);
  assert.equal(statOf(client.stat('etc/deep')).filetype, FILETYPE.directory);
  assert.equal(statOf(client.stat('etc/greeting.txt')).size, 5);
});

test('nothing about packed files can be changed', () => {
  const client = new Client({ files: packed });
  assert.equal(client.open('etc/greeting.txt', { rights: READ | WRITE }), -ERRNO.rofs);
  assert.equal(client.open('etc/greeting.txt', { oflags: OFLAGS.trunc }), -ERRNO.rofs);
  assert.equal(client.open('etc/new', { oflags: OFLAGS.creat }), -ERRNO.rofs);
  assert.equal(client.onPath('path_create_directory', 'dir'), ERRNO.rofs);
  assert.equal(client.onPath('path_unlink_file', 'plain'), ERRNO.rofs);
  assert.equal(client.onPath('path_remove_directory', 'etc/deep/er'), ERRNO.rofs);
  assert.equal(client.onPath('path_remove_directory', 'tmp'), ERRNO.rofs);
  assert.equal(client.rename('plain', 'tmp/plain'), ERRNO.rofs);
  assert.equal(client.rename('tmp', 'temp'), ERRNO.rofs);
  assert.equal(client.setTimes('plain', 0n, 0n, FSTFLAGS.mtime), ERRNO.rofs);
  const fd = client.open('etc/greeting.txt');
  assert.equal(client.write(fd, 'x'), -ERRNO.notcapable);
  assert.equal(client.call('fd_filestat_set_size', fd, 0n), ERRNO.notcapable);
  assert.equal(client.load('etc/greeting.txt'), 'hello');
});

test('a path never leads out of the folder it starts from', () => {
  const client = new Client({ files: packed });
  assert.equal(client.load('..'), -ERRNO.notcapable);
  assert.equal(client.load('../etc/greeting.txt'), -ERRNO.notcapable);
  assert.equal(client.load('etc/../../etc/greeting.txt'), -ERRNO.notcapable);
  assert.equal(client.load('/etc/greeting.txt'), -ERRNO.notcapable);
  const etc = client.open('etc', { oflags: OFLAGS.directory });
  assert.equal(client.open('../plain', { dir: etc }), -ERRNO.notcapable);
  assert.equal(client.open('deep/../../plain', { dir: etc }), -ERRNO.notcapable);
  assert.ok(client.open('deep/../greeting.txt', { dir: etc }) > 0);
});

test('illegal paths are refused', () => {
  const client = new Client();
  assert.equal(client.load(''), -ERRNO.noent);
  assert.equal(client.load('tmp/a\0b'), -ERRNO.inval);
  assert.equal(client.open(Uint8Array.of(0x74, 0xff, 0xfe)), -ERRNO.ilseq);
  assert.equal(client.save(`tmp/${'n'.repeat(255)}`, ''), 0);
  assert.equal(client.save(`tmp/${'n'.repeat(256)}`, ''), ERRNO.nametoolong);
  assert.equal(client.save(`tmp/${'ä'.repeat(128)}`, ''), ERRNO.nametoolong);
  assert.equal(client.load('a/'.repeat(2500)), -ERRNO.nametoolong);
  assert.equal(client.load('tmp/nothing/there'), -ERRNO.noent);
});

test('a scratch file is created, written, read and truncated', () => {
  const client = new Client();
  const fd = create(client, 'tmp/note');
  assert.equal(client.write(fd, 'hello world'), 11);
  assert.equal(client.seek(fd, -5n, WHENCE.end), 6n);
  assert.equal(client.read(fd, 100), 'world');
  assert.equal(client.read(fd, 100), '');
  assert.equal(client.seek(fd, 2n, WHENCE.set), 2n);
  assert.equal(client.write(fd, 'LL'), 2);
  assert.equal(client.seek(fd, 1n, WHENCE.current), 5n);
  assert.equal(client.call('fd_filestat_set_size', fd, 7n), 0);
  assert.equal(client.load('tmp/note'), 'heLLo w');
  assert.equal(client.call('fd_filestat_set_size', fd, 9n), 0);
  assert.equal(client.load('tmp/note'), 'heLLo w\0\0');
  assert.equal(client.open('tmp/note', { oflags: OFLAGS.trunc, rights: WRITE }) > 0, true);
  assert.equal(client.load('tmp/note'), '');
});

test('offsets of one call leave the file position alone', () => {
  const client = new Client();
  const fd = create(client, 'tmp/f', FDFLAGS.append);
  client.write(fd, '0123456789');
  assert.equal(client.write(fd, 'ab', 2n), 2);
  assert.equal(client.read(fd, 3, 1n), '1ab');
  assert.equal(client.seek(fd, 0n, WHENCE.current), 10n);
  assert.equal(client.read(fd, 3, -1n), -ERRNO.inval);
  assert.equal(client.read(fd, 3, 100n), '');
});

test('writing behind the end fills with zeros, also where a longer content once was', () => {
  const client = new Client();
  const fd = create(client, 'tmp/f');
  client.write(fd, 'secretsecret');
  client.call('fd_filestat_set_size', fd, 2n);
  assert.equal(client.write(fd, '!', 8n), 1);
  assert.equal(client.load('tmp/f'), 'se\0\0\0\0\0\0!');
});

test('an appending descriptor writes at the end, wherever another one has put it', () => {
  const client = new Client();
  const [first, second] = [create(client, 'tmp/log', FDFLAGS.append), create(client, 'tmp/log', FDFLAGS.append)];
  client.write(first, 'a');
  client.write(second, 'b');
  client.write(first, 'c');
  assert.equal(client.load('tmp/log'), 'abc');
});

test('a seek before the start or with an unknown origin is refused and changes nothing', () => {
  const client = new Client();
  const fd = create(client, 'tmp/f');
  client.write(fd, 'abc');
  assert.equal(client.seek(fd, -4n, WHENCE.end), -ERRNO.inval);
  assert.equal(client.seek(fd, 0n, 3), -ERRNO.inval);
  assert.equal(client.seek(fd, 2n ** 62n, WHENCE.set), -ERRNO.inval);
  assert.equal(client.call('fd_tell', fd, 64), 0);
  assert.equal(client.u64(), 3n);
});

test('rights asked for at open are the ones a descriptor has, and can only become fewer', () => {
  const client = new Client();
  client.save('tmp/f', 'abc');
  const reader = client.open('tmp/f', { rights: READ });
  assert.equal(client.write(reader, 'x'), -ERRNO.notcapable);
  const writer = client.open('tmp/f', { rights: WRITE });
  assert.equal(client.read(writer, 1), -ERRNO.notcapable);
  assert.equal(client.rightsOf(reader) & RIGHTS.fdWrite, 0);
  assert.equal(client.call('fd_fdstat_set_rights', reader, BigInt(READ | WRITE), 0n), ERRNO.notcapable);
  assert.equal(client.call('fd_fdstat_set_rights', reader, BigInt(RIGHTS.fdRead), 0n), 0);
  assert.equal(client.seek(reader, 0n, WHENCE.set), -ERRNO.notcapable);
  assert.equal(client.read(reader, 9), 'abc');
});

test('files and folders are opened as what they are', () => {
  const client = new Client();
  client.save('tmp/f', '');
  assert.equal(client.onPath('path_create_directory', 'tmp/d'), 0);
  assert.equal(client.open('tmp/f', { oflags: OFLAGS.directory }), -ERRNO.notdir);
  assert.equal(client.open('tmp/f/'), -ERRNO.notdir);
  assert.equal(client.open('tmp/f/x'), -ERRNO.notdir);
  assert.equal(client.open('tmp/d', { rights: WRITE }), -ERRNO.isdir);
  assert.equal(client.open('tmp/d', { oflags: OFLAGS.creat }), -ERRNO.isdir);
  assert.equal(client.open('tmp/f', { oflags: OFLAGS.creat | OFLAGS.excl }), -ERRNO.exist);
  assert.equal(client.open('tmp/new/', { oflags: OFLAGS.creat }), -ERRNO.isdir);
  assert.equal(client.open('tmp/f', { fdflags: 0x100 }), -ERRNO.inval);
  const dir = client.open('tmp/d', { oflags: OFLAGS.directory });
  assert.equal(client.read(dir, 1), -ERRNO.isdir);
  assert.equal(client.write(dir, 'x'), -ERRNO.isdir);
  assert.equal(client.call('fd_readdir', client.open('tmp/f'), 0, 0, 0n, 64), ERRNO.notdir);
});

test('an unlinked file lives on while it is open, and its space comes back when it is closed', () => {
  const client = new Client({ memoryBytes: 65_536 });
  const half = 'x'.repeat(40_000);
  const fd = create(client, 'tmp/f');
  assert.equal(client.write(fd, half), 40_000);
  assert.equal(client.onPath('path_unlink_file', 'tmp/f'), 0);
  assert.equal(client.load('tmp/f'), -ERRNO.noent);
  assert.equal(client.read(fd, 3, 0n), 'xxx');
  assert.equal(statOf(client.statOpen(fd)).links, 0n);
  assert.equal(client.save('tmp/g', half), ERRNO.nospc);
  client.close(fd);
  assert.equal(client.save('tmp/g', half), 0);
});

test('the scratch folder holds as much as the function has memory, names included, and recovers', () => {
  const client = new Client({ memoryBytes: 65_536 });
  assert.equal(client.save('tmp/big', 'x'.repeat(70_000)), ERRNO.fbig);
  const fd = create(client, 'tmp/sparse');
  assert.equal(client.call('fd_filestat_set_size', fd, 2n ** 40n), ERRNO.fbig);
  assert.equal(client.call('fd_allocate', fd, 0n, 60_000n), 0);
  assert.equal(client.save('tmp/other', 'x'.repeat(10_000)), ERRNO.nospc);
  assert.equal(client.call('fd_filestat_set_size', fd, 0n), 0);
  let made = 0;
  while (client.save(`tmp/f${made}`, '') === 0) made++;
  assert.ok(made > 50 && made < 200, `${made} empty files`);
  for (let i = 0; i < made; i++) assert.equal(client.onPath('path_unlink_file', `tmp/f${i}`), 0);
  assert.equal(client.save('tmp/other', 'x'.repeat(50_000)), 0);
});

test('rollback erases the scratch folder and closes what was open', () => {
  const client = new Client();
  const fd = create(client, 'tmp/secret');
  client.rollBack();
  assert.equal(client.read(fd, 1), -ERRNO.badf);
  assert.equal(client.load('tmp/secret'), -ERRNO.noent);
  assert.deepEqual(client.list('tmp'), []);
});

test('contexts of one function share packed files and nothing else', () => {
  const [a, b] = [new Client({ files: packed }), new Client({ files: packed })];
  a.save('tmp/mine', 'a');
  assert.equal(b.load('tmp/mine'), -ERRNO.noent);
  assert.equal(b.load('etc/greeting.txt'), 'hello');
});

test('descriptors are numbered from the lowest free one, bounded, and can be renumbered', () => {
  const client = new Client();
  const [a, b] = [create(client, 'tmp/a'), create(client, 'tmp/b')];
  assert.deepEqual([a, b], [4, 5]);
  client.write(a, 'from a');
  assert.equal(client.call('fd_renumber', a, b), 0);
  assert.equal(client.read(b, 9, 0n), 'from a');
  assert.equal(client.close(a), ERRNO.badf);
  assert.equal(client.call('fd_renumber', b, 77), ERRNO.badf);
  assert.equal(client.open('tmp/a'), a);
  let fd = 0;
  while (fd >= 0) fd = client.open('tmp/a');
  assert.equal(fd, -ERRNO.mfile);
  assert.equal(client.close(0xffff_ffff), ERRNO.badf);
});

test('rename replaces what may be replaced', () => {
  const client = new Client();
  client.save('tmp/a', 'a');
  client.save('tmp/b', 'b');
  for (const dir of ['tmp/d', 'tmp/d/sub', 'tmp/e', 'tmp/full', 'tmp/full/x']) assert.equal(client.onPath('path_create_directory', dir), 0);
  assert.equal(client.rename('tmp/a', 'tmp/b'), 0);
  assert.equal(client.load('tmp/b'), 'a');
  assert.equal(client.rename('tmp/b', 'tmp/d'), ERRNO.isdir);
  assert.equal(client.rename('tmp/d', 'tmp/b'), ERRNO.notdir);
  assert.equal(client.rename('tmp/d', 'tmp/full'), ERRNO.notempty);
  assert.equal(client.rename('tmp/d', 'tmp/d/sub/d'), ERRNO.inval);
  assert.equal(client.rename('tmp/d/sub', 'tmp/d'), ERRNO.notempty);
  assert.equal(client.rename('tmp/d/.', 'tmp/x'), ERRNO.busy);
  assert.equal(client.rename('tmp/none', 'tmp/x'), ERRNO.noent);
  assert.equal(client.rename('tmp/b', 'tmp/x/'), ERRNO.notdir);
  assert.equal(client.rename('tmp/b', 'tmp/b'), 0);
  const open = client.open('tmp/d', { oflags: OFLAGS.directory });
  assert.equal(client.rename('tmp/d', 'tmp/e'), 0);
  assert.deepEqual(client.listOpen(open), ['.', '..', 'sub']);
  assert.equal(client.rename('sub', '../sub', open, open), ERRNO.notcapable);
});

test('a folder that was removed while open takes nothing in', () => {
  const client = new Client();
  client.onPath('path_create_directory', 'tmp/d');
  const dir = client.open('tmp/d', { oflags: OFLAGS.directory });
  client.save('tmp/f', '');
  assert.equal(client.onPath('path_remove_directory', 'tmp/d'), 0);
  assert.equal(client.open('x', { dir, oflags: OFLAGS.creat }), -ERRNO.noent);
  assert.equal(client.onPath('path_create_directory', 'x', dir), ERRNO.noent);
  assert.equal(client.rename('tmp/f', 'f', ROOT, dir), ERRNO.noent);
});

test('a listing goes on behind entries that are removed meanwhile, through a buffer of any size', () => {
  const client = new Client();
  client.onPath('path_create_directory', 'tmp/many');
  const names = Array.from({ length: 300 }, (_, i) => `file-${i}`);
  for (const name of names) client.save(`tmp/many/${name}`, '');
  assert.deepEqual(client.list('tmp/many', 50), names);
  assert.deepEqual(client.list('tmp/many', 4097), names);
  const dir = client.open('tmp/many', { oflags: OFLAGS.directory });
  const seen = client.listOpen(dir, 512, (found) => {
    for (const name of found) if (name.startsWith('file')) assert.equal(client.onPath('path_unlink_file', `tmp/many/${name}`), 0);
  });
  assert.deepEqual(seen, ['.', '..', ...names]);
  assert.deepEqual(client.list('tmp/many'), []);
});

test('times are told, and set as a guest wants them', () => {
  const client = new Client();
  client.save('tmp/f', '');
  const before = statOf(client.stat('tmp/f')).modified;
  assert.ok(before > 1_700_000_000_000_000_000n, `${before}`);
  const exact = 1_234_567_890_123_456_789n;
  assert.equal(client.setTimes('tmp/f', 1n, exact, FSTFLAGS.atime | FSTFLAGS.mtime), 0);
  assert.equal(statOf(client.stat('tmp/f')).modified, exact);
  assert.equal(client.setTimes('tmp/f', 0n, 0n, FSTFLAGS.mtime | FSTFLAGS.mtimeNow), ERRNO.inval);
  assert.equal(client.setTimes('tmp/f', 0n, 0n, FSTFLAGS.mtimeNow), 0);
  assert.ok(statOf(client.stat('tmp/f')).modified >= before);
});

test('links are not supported, and nothing is one', () => {
  const client = new Client({ files: packed });
  assert.equal(client.call('path_symlink', 1024, 1, ROOT, 1024, 1), ERRNO.notsup);
  assert.equal(client.call('path_link', ROOT, 0, 1024, 1, ROOT, 1024, 1), ERRNO.notsup);
  assert.equal(client.onPath('path_readlink', 'plain'), ERRNO.inval);
  assert.equal(client.onPath('path_readlink', 'absent'), ERRNO.noent);
});

test('the one preopened folder is /', () => {
  const client = new Client();
  assert.equal(client.call('fd_prestat_get', 3, 64), 0);
  assert.deepEqual([client.u32(64), client.u32(68)], [0, 1]);
  assert.equal(client.call('fd_prestat_dir_name', 3, 200, 1), 0);
  assert.equal(String.fromCharCode(client.bytes[200] ?? 0), '/');
  assert.equal(client.call('fd_prestat_get', 4, 64), ERRNO.badf);
  const other = client.open('.', { oflags: OFLAGS.directory });
  assert.equal(client.call('fd_prestat_get', other, 64), ERRNO.badf);
});
