import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { findPointerSizeofs, mayHavePointerSizeof, pointerSizeofWarning, withPointerSizes } from '../../src/toolchain/pointer-sizeof.ts';
import { SDK, toolchains } from './build.ts';
import { Host, type HostOptions } from './host.ts';

const EXAMPLE = join(SDK, '../examples/nightcore');
const example = (name: string): string => readFileSync(join(EXAMPLE, name), 'utf8');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ok = (body: string) => ({ status: 200, body: bytes(body) });

const WORKER = `
#include <faas/worker_v1_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static void *context; static faas_invoke_func_fn_t invoke; static faas_append_output_fn_t append;
static int inits, workers;
int faas_init(void) { inits++; return getenv("REFUSE_INIT") != NULL; }
int faas_create_func_worker(void *c, faas_invoke_func_fn_t i, faas_append_output_fn_t a, void **handle) {
  context = c; invoke = i; append = a; workers++; *handle = &workers; return getenv("REFUSE_WORKER") != NULL;
}
int faas_destroy_func_worker(void *handle) { return handle != &workers; }
`;

for (const toolchain of toolchains()) {
  const start = async (code: string, options: HostOptions = {}): Promise<Host> => {
    const source = `${WORKER}
int faas_func_call(void *handle, const char *input, size_t length) { (void)input; (void)length; if (handle != &workers) return 99; ${code} }`;
    return Host.start(await toolchain.build({ contract: 'nightcore', sources: { 'worker.c': source } }), options);
  };

  describe(`nightcore contract, ${toolchain.name} toolchain`, () => {
    test('the example answers byte for byte as on a 64-bit machine', async () => {
      const bar = await Host.start(await toolchain.build({ contract: 'nightcore', sources: { 'bar.c': example('bar.c') } }));
      assert.equal((await bar.call('Hello')).body, 'Hello, World\n');
      const seen: string[] = [];
      const foo = await Host.start(await toolchain.build({ contract: 'nightcore', sources: { 'foo.c': example('foo.c') } }), {
        callees: {
          Bar: (input) => {
            seen.push(input);
            return ok(`${input}, World\n`);
          },
        },
      });
      assert.deepEqual(await foo.call('Hello'), { result: 0, status: 200, head: '', body: 'From function Bar: Hello, World\n' });
      assert.deepEqual(seen, ['Hello']);
    });

    test('the library is initialised once and makes one worker, whose state lives on', async () => {
      const host = await start(
        'char line[64]; static int calls; snprintf(line, 64, "%d %d %d", inits, workers, ++calls); append(context, line, strlen(line)); return 0;',
      );
      assert.equal((await host.call()).body, '1 1 1');
      assert.equal((await host.call()).body, '1 1 2');
    });

    test('a library or worker that cannot start refuses the deploy', async () => {
      await assert.rejects(start('return 0;', { wasiEnv: { REFUSE_INIT: '1' } }), /init hook returned 1/);
      await assert.rejects(start('return 0;', { wasiEnv: { REFUSE_WORKER: '1' } }), /init hook returned 1/);
    });

    test('output is gathered from any number of pieces, copied at once', async () => {
      const host = await start(
        'char c; for (size_t i = 0; i < length; i++) { c = input[length - 1 - i]; append(context, &c, 1); c = 0; } return 0;',
      );
      assert.equal((await host.call('abc')).body, 'cba');
      assert.deepEqual(await host.call(''), { result: 0, status: 200, head: '', body: '' });
      const large = 'ab'.repeat(20_000);
      assert.equal((await host.call(large)).body, 'ba'.repeat(20_000));
    });

    test('a call that fails drops what it appended', async () => {
      const host = await start('append(context, "partial", 7); return input[0] == \'x\' ? -5 : 0;');
      assert.deepEqual(await host.call('x'), { result: 1, status: 200, head: '', body: '' });
      assert.equal((await host.call('y')).body, 'partial');
    });

    test('results of several calls are held at once; a failure gives -1 and nothing', async () => {
      const host = await start(
        `const char *a, *b, *c = "kept"; size_t na, nb, nc = 4;
         if (invoke(context, "small", input, length, &a, &na) != 0 || invoke(context, "large", input, length, &b, &nb) != 0) return 1;
         if (invoke(context, "absent", input, length, &c, &nc) != -1 || c != NULL || nc != 0) return 2;
         c = "kept";
         if (invoke(context, "failing", input, length, &c, &nc) != -1 || c != NULL || nc != 0) return 3;
         append(context, b, nb); append(context, a, na); return 0;`,
        { callees: { small: (input) => ok(`<${input}>`), large: (input) => ok(input.repeat(3000)), failing: () => -3 } },
      );
      for (let i = 0; i < 3; i++) assert.equal((await host.call('in')).body, `${'in'.repeat(3000)}<in>`);
    });

    test('small blocks have room for 24 bytes, as with glibc', async () => {
      const host = await start(`
        char *blocks[64];
        for (int i = 0; i < 64; i++) { blocks[i] = i % 2 ? malloc(4) : calloc(1, 4); if (blocks[i] == NULL) return 1; memset(blocks[i], i, 24); }
        for (int i = 0; i < 64; i++) for (int k = 0; k < 24; k++) if (blocks[i][k] != i) return 2;
        for (int i = 0; i < 64; i++) free(blocks[i]);
        char *zero = calloc(30, 2); for (int k = 0; k < 60; k++) if (zero[k] != 0) return 3;
        free(zero); return calloc((size_t)-1, 8) != NULL;`);
      assert.equal((await host.call()).result, 0);
    });

    test('an include that gcc does without is forgiven', async () => {
      const source = example('bar.c')
        .replace('#include <stdlib.h>', '')
        .replace('const char* suffix', 'memcmp("", "", 0);\n    const char* suffix');
      const host = await Host.start(await toolchain.build({ contract: 'nightcore', sources: { 'bar.c': source } }));
      assert.equal((await host.call('Hi')).body, 'Hi, World\n');
    });

    test('only a text variable has the size of a 64-bit pointer', async () => {
      const host = await start(`
        const char *text = "twelve bytes"; char array[] = "array"; const char *table[] = {"a", "b", "c"}; const char *later, *other = NULL; later = "assigned";
        const char *copied = "abcdefgh", *copy; memcpy(&copy, &copied, sizeof(copied));
        char line[128];
        snprintf(line, sizeof line, "%d %d %d %d %d %d %d %d %d %s", (int)sizeof(text), (int)sizeof text, (int)sizeof(array), (int)sizeof(table),
          (int)(sizeof(table) / sizeof(table[0])), (int)sizeof(later), (int)sizeof(other), (int)sizeof(char *), (int)sizeof(line), copy);
        append(context, line, strlen(line)); (void)text; (void)later; (void)other; return 0;`);
      assert.equal((await host.call()).body, '8 8 6 12 3 8 4 4 128 abcdefgh');
    });
  });
}

test("the size of a text variable is reported in clang's form, and lines and columns stay", () => {
  const source = 'int f(void);\n\tconst char *é = "x"; g(é, sizeof(é));\n';
  const offset = Buffer.from(source).indexOf('sizeof');
  const found = { variable: 'é', offset, length: Buffer.byteLength('sizeof(é)') };
  assert.match(
    pointerSizeofWarning('dir/a.c', bytes(source), found),
    /^dir\/a\.c:2:30: warning: sizeof\(é\) is the size of a pointer, taken as 8 .*strlen\(é\) is what is meant$/,
  );
  const changed = withPointerSizes(bytes(source), [found]);
  assert.equal(changed.length, bytes(source).length);
  assert.equal(new TextDecoder().decode(changed), 'int f(void);\n\tconst char *é = "x"; g(é, 8         );\n');
});

test('sources without the mistake are told without parsing them', () => {
  assert.equal(mayHavePointerSizeof(example('bar.c')), true);
  assert.equal(mayHavePointerSizeof(example('foo.c')), false);
  assert.equal(mayHavePointerSizeof('char *p = "x"; f(p, strlen(p)); g(sizeof(int));'), false);
});

test('what clang prints in a form not known here finds nothing', () => {
  assert.deepEqual(findPointerSizeofs('{"inner":[{"kind":"UnaryExprOrTypeTraitExpr","name":"sizeof","inner":7},null,3]}', 'a.c'), []);
});
