/** The scratch folder against the real thing: the same operations in a temporary folder of this machine. */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERRNO, FDFLAGS, FILETYPE, OFLAGS } from '../../src/engine/host/wasi/preview1.ts';
import { Client, READ, WRITE } from './client.ts';

/** Few names, so that operations meet. */
const name = fc.constantFrom('a', 'b', 'c');
const path = fc
  .oneof(
    name,
    fc
      .array(fc.oneof({ weight: 6, arbitrary: name }, fc.constantFrom('.', '..', '')), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('/')),
  )
  .filter(staysInside);
const content = fc.string({ maxLength: 40 });

/** Leading slashes and `..` at the top mean something else on the machine, and have tests of their own. */
function staysInside(candidate: string): boolean {
  if (candidate === '' || candidate.startsWith('/')) return false;
  let depth = 0;
  return candidate.split('/').every((part) => {
    if (part === '..') depth--;
    else if (part !== '' && part !== '.') depth++;
    return depth >= 0;
  });
}

type Operation =
  | { readonly do: 'write' | 'append' | 'exclusive'; readonly path: string; readonly content: string }
  | { readonly do: 'truncate'; readonly path: string; readonly size: number }
  | { readonly do: 'writeAt'; readonly path: string; readonly at: number; readonly content: string }
  | { readonly do: 'mkdir' | 'rmdir' | 'unlink' | 'read' | 'list' | 'stat'; readonly path: string }
  | { readonly do: 'rename'; readonly path: string; readonly to: string };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ do: fc.constantFrom('write', 'append', 'exclusive'), path, content }),
  fc.record({ do: fc.constant('truncate'), path, size: fc.nat(60) }),
  fc.record({ do: fc.constant('writeAt'), path, at: fc.nat(60), content }),
  fc.record({ do: fc.constantFrom('mkdir', 'mkdir', 'rmdir', 'unlink', 'read', 'list', 'stat'), path }),
  fc.record({ do: fc.constant('rename'), path, to: path }),
);

/** Errors have the same names on both sides; results are text. */
type Result = string;

function inScratch(client: Client, op: Operation): Result {
  const at = `tmp/${op.path}`;
  switch (op.do) {
    case 'write':
      return named(saveWith(client, at, OFLAGS.creat | OFLAGS.trunc, 0, op.content));
    case 'append':
      return named(saveWith(client, at, OFLAGS.creat, FDFLAGS.append, op.content));
    case 'exclusive':
      return named(saveWith(client, at, OFLAGS.creat | OFLAGS.excl, 0, op.content));
    case 'truncate':
      return named(withFile(client, at, 0, (fd) => client.call('fd_filestat_set_size', fd, BigInt(op.size))));
    case 'writeAt':
      return named(withFile(client, at, 0, (fd) => (client.write(fd, op.content, BigInt(op.at)) < 0 ? ERRNO.inval : 0)));
    case 'mkdir':
      return named(client.onPath('path_create_directory', at));
    case 'rmdir':
      return named(client.onPath('path_remove_directory', at));
    case 'unlink':
      return named(client.onPath('path_unlink_file', at));
    case 'rename':
      return named(client.rename(at, `tmp/${op.to}`));
    case 'read': {
      const text = client.load(at);
      return typeof text === 'string' ? `"${text}"` : named(-text);
    }
    case 'list': {
      const names = client.list(at, 64);
      return typeof names === 'number' ? named(-names) : names.toSorted().join(' ');
    }
    case 'stat': {
      const stat = client.stat(at);
      if (typeof stat === 'number') return named(-stat);
      return stat.filetype === FILETYPE.directory ? 'folder' : `file ${stat.size}`;
    }
  }
}

function withFile(client: Client, at: string, oflags: number, act: (fd: number) => number, fdflags = 0): number {
  const fd = client.open(at, { oflags, fdflags, rights: READ | WRITE });
  if (fd < 0) return -fd;
  const errno = act(fd);
  client.close(fd);
  return errno;
}

function saveWith(client: Client, at: string, oflags: number, fdflags: number, text: string): number {
  return withFile(client, at, oflags, (fd) => (client.write(fd, text) < 0 ? ERRNO.inval : 0), fdflags);
}

function named(errno: number): Result {
  return errno === 0 ? 'done' : (Object.entries(ERRNO).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`);
}

function onDisk(folder: string, op: Operation): Result {
  // Not path.join, which would resolve `..` and trailing slashes before the kernel sees them.
  const at = `${folder}/${op.path}`;
  const run = (): Result | undefined | void => {
    switch (op.do) {
      case 'write':
        return save(at, constants.O_CREAT | constants.O_TRUNC | constants.O_RDWR, op.content);
      case 'append':
        return save(at, constants.O_CREAT | constants.O_APPEND | constants.O_RDWR, op.content);
      case 'exclusive':
        return save(at, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, op.content);
      case 'truncate':
        closeSync(openSync(at, 'r+')); // the guest opens the file too, with errors of its own
        return truncateSync(at, op.size);
      case 'writeAt': {
        const fd = openSync(at, 'r+');
        writeSync(fd, Buffer.from(op.content), 0, null, op.at);
        return closeSync(fd);
      }
      case 'mkdir':
        mkdirSync(at);
        return 'done';
      case 'rmdir':
        return rmdirSync(at);
      case 'unlink':
        return unlinkSync(at);
      case 'rename':
        return renameSync(at, `${folder}/${op.to}`);
      case 'read':
        return `"${readFileSync(at, 'utf8')}"`;
      case 'list':
        return readdirSync(at).toSorted().join(' ');
      case 'stat':
        return statSync(at).isDirectory() ? 'folder' : `file ${statSync(at).size}`;
    }
  };
  try {
    return run() ?? 'done';
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code?.slice(1).toLowerCase() ?? String(cause); // fs throws nothing else
  }
}

function save(at: string, flags: number, text: string): void {
  const fd = openSync(at, flags);
  appendFileSync(fd, text);
  closeSync(fd);
}

// Which of several errors comes first is Linux's choice; other systems choose otherwise.
const skip = process.platform === 'linux' ? false : 'compares with Linux';

test('the scratch folder does what a folder of this machine does', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-wasi-model-'));
  try {
    let run = 0;
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 60 }), (operations) => {
        const own = join(folder, String(run++));
        mkdirSync(own);
        const client = new Client();
        for (const op of operations) assert.equal(inScratch(client, op), onDisk(own, op), JSON.stringify(op));
      }),
      { numRuns: 500 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
