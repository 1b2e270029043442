/** What is read from clang and from authors: dependencies, planned commands, flags. */
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { test } from 'node:test';
import { WeftError } from '../../src/model/errors.ts';
import { parseDepfile } from '../../src/toolchain/depfile.ts';
import { parseCommands } from '../../src/toolchain/driver-plan.ts';
import { readCompileFlags, readLinkFlags } from '../../src/toolchain/flags.ts';
import { keyOf } from '../../src/toolchain/hash.ts';
import { createBuilder } from '../../src/toolchain/index.ts';
import { CACHE, Folder } from './workshop.ts';

test('dependencies: continued lines, and names with blanks, dollars, hashes and colons', () => {
  const text = 'weft: /a/main.c /a/with\\ blank.h \\\n  /a/cash$$.h \\\r\n  /a/\\#1.h /a/c:d.h\n\n/a/phony.h:\n';
  assert.deepEqual(parseDepfile(text), ['/a/main.c', '/a/with blank.h', '/a/cash$.h', '/a/#1.h', '/a/c:d.h']);
  assert.deepEqual(parseDepfile('weft:\n'), []);
});

test('planned commands: quoted words, escapes, an empty program name', () => {
  const text = 'clang version 22\n (in-process)\n "" "clang" "-cc1" "-D" "A=\\"b \\$c\\\\\\""\n "/usr/bin/wasm-ld" "a.o"\n';
  assert.deepEqual(parseCommands(text), [
    ['', 'clang', '-cc1', '-D', 'A="b $c\\"'],
    ['/usr/bin/wasm-ld', 'a.o'],
  ]);
});

test('flags: paths become absolute, search folders are noted in order', () => {
  const { flags, search } = readCompileFlags(['-Ione', '-isystem', 'two', '-iquote/q', '-include', 'f.h', '-D', 'X=-c', '-O3'], '/app');
  assert.deepEqual(flags, ['-I', '/app/one', '-isystem', '/app/two', '-iquote', '/q', '-include', '/app/f.h', '-D', 'X=-c', '-O3']);
  assert.deepEqual(search, { quote: ['/q'], all: ['/app/one', '/app/two'], forced: ['/app/f.h'] });
});

test('linker flags that name nothing of the user pass as they are', () => {
  assert.deepEqual(readLinkFlags(['-lm', '-Lnowhere', '-lgone', '-Wl,--gc-sections'], '/app'), {
    flags: ['-lm', '-lgone', '-Wl,--gc-sections'],
    libraries: [],
    folders: ['/app/nowhere'],
  });
});

test('a key tells where each part ends', () => {
  assert.notEqual(keyOf('ab', 'c'), keyOf('a', 'bc'));
  assert.notEqual(keyOf(['a', 'b']), keyOf(['a,b']));
  assert.equal(keyOf('a', Buffer.from('b')), keyOf(Buffer.from('a'), 'b'));
});

test('without a clang in the PATH, `auto` takes the embedded one, and `system` says what to install', async () => {
  using folder = new Folder();
  const path = process.env['PATH'];
  process.env['PATH'] = folder.path;
  try {
    const builder = await createBuilder({ cacheDir: folder.path, toolchain: 'auto' });
    assert.match(builder.toolchain, /^embedded clang \d+/);
    await builder.close();
    const forced = createBuilder({ cacheDir: folder.path, toolchain: 'system' });
    await assert.rejects(
      forced,
      (cause) =>
        cause instanceof WeftError && cause.code === 'WEFT_TOOLCHAIN_MISSING' && /apt-get install clang-19 lld-19/.test(cause.hint),
    );
    folder.write('clang', '#!/bin/sh\necho clang version 14.0.6\n');
    chmodSync(`${folder.path}/clang`, 0o755);
    const old = createBuilder({ cacheDir: CACHE, toolchain: 'system' });
    await assert.rejects(old, /clang: it is clang 14; 16 or newer is needed/);
  } finally {
    process.env['PATH'] = path;
  }
});
