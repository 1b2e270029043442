/** Functions whose memory is made small, and those whose memory is not; what they compute is the same. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Artifact } from '../../src/toolchain/index.ts';
import { answerOf, builderOf, CHOICES, fn, Folder, sources } from './workshop.ts';

const STACK_BYTES = 64 * 1024;
const MAIN = '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n';

/** Programs, and whether their memory can be made small. */
const PROGRAMS: Readonly<Record<string, { text: string; answer: string; small: boolean; linkFlags?: string[]; stackBytes?: number }>> = {
  'a small one': { text: 'int main(void) { printf("%d %s %.2f", 42, "text", 1.5); }', answer: '42 text 1.50', small: true },
  'one with a large array on its stack': {
    text: 'int main(void) { static volatile char *p; char a[40000]; p = a; for (int i = 0; i < 40000; i++) p[i] = i; printf("%d", p[39999]); }',
    answer: String((39999 << 24) >> 24),
    small: true,
  },
  'one that allocates more than there is at first': {
    text: `int main(void) {
      long sum = 0;
      for (int i = 1; i < 60; i++) { char *p = malloc(i * 5000); if (!p) return 1; memset(p, i, i * 5000); sum += p[i * 5000 - 1]; if (i % 3) free(p); }
      printf("%ld", sum);
    }`,
    answer: '1770',
    small: true,
  },
  'one with recursion, as deep as its stack': {
    text: `static int deep(int n, volatile char *above) { volatile char here[100]; here[n % 100] = n; return n ? deep(n - 1, here) + (above[0] & 0) + 1 : here[0] & 0; }
    int main(void) { volatile char top[100] = {0}; printf("%d", deep(400, top)); }`,
    answer: '400',
    small: false,
  },
  'one with recursion, whose stack is large': {
    text: `static int deep(int n, volatile char *above) { volatile char here[100]; here[n % 100] = n; return n ? deep(n - 1, here) + (above[0] & 0) + 1 : here[0] & 0; }
    int main(void) { volatile char top[100] = {0}; printf("%d", deep(1600, top)); }`,
    answer: '1600',
    small: false,
    stackBytes: 4 * STACK_BYTES,
  },
  'one with an array of variable length': {
    text: 'int main(int c, char **v) { (void)v; int n = 30000 + c; volatile char a[n]; for (int i = 0; i < n; i++) a[i] = i; printf("%d", a[29999]); }',
    answer: String((29999 << 24) >> 24),
    small: false,
  },
  'one that grows its memory itself': {
    text: `int main(void) {
      char *p = (char *)(__builtin_wasm_memory_grow(0, 2) << 16);
      memset(p, 7, 2 << 16);
      char *q = malloc(100000);
      memset(q, 1, 100000);
      printf("%d %d", p[(2 << 16) - 1], p == (char *)((__builtin_wasm_memory_size(0) - 2) << 16) || q > p);
    }`,
    answer: '7 1',
    small: false,
  },
  'one with an allocator of its own, where the linker says that memory is free': {
    text: `extern unsigned char __heap_base;
    static volatile char others[20000];
    int main(void) {
      volatile unsigned char *own = &__heap_base;
      for (int i = 0; i < 10000; i++) own[i] = 1;
      int written = 0;
      for (int i = 0; i < 20000; i++) written += others[i];
      printf("%d", written);
    }`,
    answer: '0',
    small: false,
  },
  'one whose author says how large its memory is': {
    text: 'int main(void) { char *p = malloc(1 << 20); printf("%d", p != NULL); }',
    answer: '1',
    small: false,
    linkFlags: ['-Wl,--initial-memory=4194304'],
  },
};

function baseOf({ wasm }: Artifact): number {
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(wasm), 'weft.abi');
  return (JSON.parse(new TextDecoder().decode(section)) as { base: number }).base;
}

for (const toolchain of CHOICES) {
  describe(`memory of functions, ${toolchain} toolchain`, async () => {
    const builder = await builderOf(toolchain);
    after(() => builder?.close());
    if (!builder) return test('the system has a clang', { skip: 'there is no clang with wasm-ld on this machine' });

    for (const [name, { text, answer, small, linkFlags = [], stackBytes = STACK_BYTES }] of Object.entries(PROGRAMS)) {
      test(name, async () => {
        using folder = new Folder();
        const spec = sources([folder.write('main.c', MAIN + text)], { stackBytes, linkFlags });
        const artifact = await builder.build(fn(spec));
        assert.equal(await answerOf(artifact), answer);
        assert.equal(baseOf(artifact) > 0, small);
      });
    }
  });
}

test('a module that cannot be hosted is refused with its reason, whatever its stack', async () => {
  const builder = await builderOf('embedded');
  using folder = new Folder();
  const text = `static __externref_t table[0];
  __externref_t __attribute__((import_module("weft"), import_name("thing"))) thing(void);
  int main(void) { __builtin_wasm_table_set(table, 0, thing()); }`;
  const path = folder.write('main.c', text);
  try {
    await assert.rejects(async () => builder?.build(fn(sources([path], { flags: ['-mreference-types'] }))), {
      code: 'WEFT_MODULE_UNSUPPORTED',
      message: /function table/,
    });
  } finally {
    await builder?.close();
  }
});
