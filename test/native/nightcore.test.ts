import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SDK, SDK_INCLUDE } from '../../src/toolchain/link-description.ts';
import { compileC, FOLDER, FROM_HOST, HostProcess, residentKiB, TO_HOST, u32, until } from './host.ts';

const MiB = 1024 * 1024;
const TOO_LARGE = -(2 ** 31);

/** As its author would: the example's own line of gcc. */
function example(name: 'foo' | 'bar'): string {
  const library = join(FOLDER, `lib${name}.so`);
  const source = join(SDK, '../examples/nightcore', `${name}.c`);
  execFileSync('cc', ['-shared', '-fPIC', '-O2', `-I${SDK_INCLUDE}`, '-o', library, source]);
  return library;
}

const library = (name: string, call: string, more = ''): string =>
  compileC(
    `${name}.so`,
    `#include <faas/worker_v1_interface.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void *context; static faas_invoke_func_fn_t invoke; static faas_append_output_fn_t append;
${more}
#ifndef INIT
int faas_init(void) { return 0; }
#endif
int faas_create_func_worker(void *c, faas_invoke_func_fn_t i, faas_append_output_fn_t a, void **handle) {
  context = c; invoke = i; append = a; *handle = &context; return 0;
}
int faas_destroy_func_worker(void *handle) { return handle == NULL; }
int faas_func_call(void *handle, const char *input, size_t length) { (void)handle; (void)input; (void)length; ${call} }`,
    '-shared',
    '-fPIC',
    '-pthread',
  );

async function start(path: string, ...options: readonly string[]): Promise<HostProcess> {
  const host = await HostProcess.start([...options, 'nightcore', path]);
  await host.expect(FROM_HOST.ready);
  return host;
}

async function call(host: HostProcess, input: Uint8Array | string = ''): Promise<{ result: number; output: string }> {
  host.send(TO_HOST.call, Buffer.from(input));
  return resultOf(host);
}

async function resultOf(host: HostProcess): Promise<{ result: number; output: string }> {
  const payload = await host.expect(FROM_HOST.result);
  return { result: payload.readInt32LE(0), output: payload.subarray(4).toString('latin1') };
}

/** Answers what the library invokes next. */
async function answer(host: HostProcess, reply: (name: string, input: string) => Uint8Array | undefined): Promise<void> {
  const payload = await host.expect(FROM_HOST.invoke);
  const end = 4 + payload.readUInt32LE(0);
  const output = reply(payload.subarray(4, end).toString(), payload.subarray(end).toString('latin1'));
  host.send(TO_HOST.invoked, u32(output ? 0 : 1), output ?? new Uint8Array(0));
}

describe('weft-host nightcore', () => {
  test('the example runs as it is, compiled as it says: Foo invokes Bar', async () => {
    await using foo = await start(example('foo'));
    await using bar = await start(example('bar'));
    foo.send(TO_HOST.call, Buffer.from('Hello'));
    const fromBar = await call(bar, 'Hello');
    assert.deepEqual(fromBar, { result: 0, output: 'Hello, World\n' });
    await answer(foo, (name, input) => (name === 'Bar' && input === 'Hello' ? Buffer.from(fromBar.output) : undefined));
    assert.deepEqual(await resultOf(foo), { result: 0, output: 'From function Bar: Hello, World\n' });
  });

  test('what cannot be invoked fails the call, and what was appended is dropped', async () => {
    await using foo = await start(example('foo'));
    foo.send(TO_HOST.call, Buffer.from('Hello'));
    await answer(foo, () => undefined);
    assert.deepEqual(await resultOf(foo), { result: -1, output: '' });
    await using failing = await start(library('failing', 'append(context, "text", 4); return 3;'));
    assert.deepEqual(await call(failing), { result: 3, output: '' });
  });

  test('results of several invocations are all valid until the call returns', async () => {
    const host = await start(
      library(
        'several',
        `const char *out[3]; size_t n[3];
         for (int i = 0; i < 3; i++) if (invoke(context, "F", &"abc"[i], 1, &out[i], &n[i]) != 0) return 1;
         for (int i = 0; i < 3; i++) append(context, out[i], n[i]);
         return 0;`,
      ),
    );
    await using running = host;
    running.send(TO_HOST.call);
    for (let times = 0; times < 3; times++) await answer(running, (_, input) => Buffer.alloc(100_000, input));
    assert.equal(
      (await resultOf(running)).output,
      'abc'.replaceAll(/./g, (letter) => letter.repeat(100_000)),
    );
  });

  test('state is kept from call to call; an empty input and an empty output are fine', async () => {
    await using host = await start(
      library('state', 'if (calls++ > 0) { char c = (char)(48 + calls); append(context, &c, 1); } return 0;', 'static int calls;'),
    );
    assert.deepEqual(await call(host), { result: 0, output: '' });
    assert.deepEqual(await call(host), { result: 0, output: '2' });
  });

  test('ten megabytes go in and out, and are not kept', async () => {
    await using host = await start(
      library('echo', 'append(context, input, length / 2); append(context, input + length / 2, length - length / 2); return 0;'),
    );
    const body = Buffer.alloc(10 * MiB, 'weft ');
    const { output } = await call(host, body);
    assert.ok(Buffer.from(output, 'latin1').equals(body));
    assert.ok(residentKiB(host) < 6 * 1024, `${residentKiB(host)} KiB`);
  });

  test('more output than allowed fails that call alone', async () => {
    await using host = await start(
      library('echo', 'append(context, input, length); append(context, "!", 1); return 0;'),
      '--max-output',
      '1000',
    );
    assert.deepEqual(await call(host, 'x'.repeat(1000)), { result: TOO_LARGE, output: '' });
    assert.deepEqual(await call(host, 'x'.repeat(999)), { result: 0, output: `${'x'.repeat(999)}!` });
  });

  test('several threads may invoke and append at once', async () => {
    const host = await start(
      library(
        'threads',
        `pthread_t threads[8];
         for (intptr_t i = 0; i < 8; i++) pthread_create(&threads[i], NULL, work, (void *)i);
         for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
         return 0;`,
        `static void *work(void *number) {
           char text[3000]; memset(text, 'a' + (int)(intptr_t)number, sizeof text);
           for (int i = 0; i < 20; i++) {
             const char *out; size_t n;
             if (invoke(context, "F", text, sizeof text, &out, &n) == 0) append(context, out, n);
           }
           return NULL;
         }`,
      ),
    );
    await using running = host;
    running.send(TO_HOST.call);
    for (let times = 0; times < 160; times++) await answer(running, (_, input) => Buffer.from(input, 'latin1'));
    const { output } = await resultOf(running);
    assert.equal(output.length, 160 * 3000);
    for (let at = 0; at < output.length; at += 3000) assert.equal(output.slice(at, at + 3000), output.charAt(at).repeat(3000));
  });

  test('what a thread does when no call runs is for nobody', async () => {
    const go = join(FOLDER, 'go');
    const host = await start(
      library(
        'late',
        `static pthread_t thread;
         if (started++ == 0) return pthread_create(&thread, NULL, late, NULL);
         pthread_join(thread, NULL);
         append(context, refused ? "refused" : "invoked", 7); return 0;`,
        `static int started, refused;
         static void *late(void *nothing) {
           const char *out; size_t n;
           while (access(${JSON.stringify(go)}, F_OK) != 0) usleep(1000);
           refused = invoke(context, "F", "x", 1, &out, &n) == -1 && out == NULL && n == 0;
           append(context, "nothing", 7);
           fputs("tried", stderr);
           return nothing;
         }`,
      ),
    );
    await using running = host;
    assert.deepEqual(await call(running), { result: 0, output: '' });
    writeFileSync(go, '');
    await until(() => running.stderr === 'tried');
    assert.deepEqual(await call(running), { result: 0, output: 'refused' });
  });

  test('a crash of the library ends the worker with its signal', async () => {
    const host = await start(library('crash', '*(volatile int *)0 = 1; return 0;'));
    host.send(TO_HOST.call);
    assert.deepEqual(await host.ended(), { code: null, signal: 'SIGSEGV' });
  });

  test('a library that cannot be used says why, and is never ready', async () => {
    const refused = async (path: string): Promise<string> => {
      const host = await HostProcess.start(['nightcore', path]);
      assert.equal(await host.next(), undefined);
      assert.deepEqual(await host.ended(), { code: 125, signal: null });
      return host.stderr;
    };
    assert.match(await refused('/no/such/library.so'), /^weft-host: cannot load the library: .*No such file/);
    assert.match(await refused(compileC('empty.so', 'int nothing;', '-shared', '-fPIC')), /^weft-host: faas_init: .*does not export/);
    assert.match(
      await refused(library('init', 'return 0;', '#define INIT\nint faas_init(void) { return 5; }')),
      /^weft-host: faas_init: it returned 5\n/,
    );
  });
});
