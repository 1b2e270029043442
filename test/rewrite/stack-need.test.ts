import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type StackNeed, stackNeed } from '../../src/toolchain/rewrite/stack-need.ts';
import { compilers } from './compile.ts';

const STACK_BYTES = 64 * 1024;
const FLAGS = ['-Wl,--stack-first', `-Wl,-z,stack-size=${STACK_BYTES}`];
/** Keeps an array on the stack, and functions apart. */
const COMMON = `
#define EXPORT(name) __attribute__((export_name(#name))) name
#define APART __attribute__((noinline))
void *volatile sink;
#define KEEP(n) char kept_[n]; sink = kept_
`;

const BOUNDED: Readonly<Record<string, readonly [text: string, least: number]>> = {
  'a function without an array': ['int EXPORT(f)(int a) { return a + 1; }', 0],
  'one with an array': ['void EXPORT(f)(void) { KEEP(1000); }', 1000],
  'functions on top of each other': [
    'APART void h(void) { KEEP(300); } APART void g(void) { KEEP(200); h(); sink = 0; } void EXPORT(f)(void) { KEEP(100); g(); sink = 0; }',
    600,
  ],
  'the deeper of two': [
    'APART void h(void) { KEEP(3000); } APART void g(void) { KEEP(200); } void EXPORT(f)(void) { KEEP(100); g(); h(); sink = 0; }',
    3100,
  ],
  'one that is called through a pointer': [
    'APART void h(void) { KEEP(5000); } void (*volatile to)(void) = h; void EXPORT(f)(void) { KEEP(100); to(); sink = 0; }',
    5100,
  ],
  'an array in a loop': ['void EXPORT(f)(int n) { for (int i = 0; i < n; i++) { KEEP(400); } }', 400],
};

const UNBOUNDED: Readonly<Record<string, string>> = {
  recursion: 'APART void g(int n) { KEEP(100); if (n) { g(n - 1); sink = 0; } } void EXPORT(f)(int n) { g(n); }',
  'recursion through a pointer':
    'void (*volatile to)(int); APART void g(int n) { KEEP(100); if (n) { to(n - 1); sink = 0; } } void EXPORT(f)(int n) { to = g; to(n); }',
  'an array of variable length': 'void EXPORT(f)(int n) { KEEP(n); }',
  alloca: 'void EXPORT(f)(int n) { sink = __builtin_alloca(n); }',
  'alloca in a loop': 'void EXPORT(f)(int n) { while (n-- > 0) sink = __builtin_alloca(64); }',
  'an array with an alignment of its own': 'void EXPORT(f)(void) { char kept[100] __attribute__((aligned(256))); sink = kept; }',
};

for (const compiler of compilers) {
  for (const level of ['-O1', '-O2', '-Os']) {
    void suite(`the stack that is needed, ${compiler.name}, ${level}`, () => {
      const needOf = async (text: string): Promise<StackNeed> =>
        stackNeed(await compiler.compile(COMMON + text, [level, ...FLAGS]), STACK_BYTES);

      for (const [name, [text, least]] of Object.entries(BOUNDED)) {
        test(`${name} is known`, async () => {
          const need = await needOf(text);
          assert.ok(typeof need === 'number' && need >= least && need <= least + 600, `${need}`);
        });
      }

      for (const [name, text] of Object.entries(UNBOUNDED)) {
        test(`${name} has no limit`, async () => assert.equal(await needOf(text), 'unbounded'));
      }

      test('a function that grows its memory itself is left as it is', async () => {
        const text = 'unsigned long EXPORT(f)(void) { return __builtin_wasm_memory_grow(0, 1); }';
        assert.equal(await needOf(text), 'its own affair');
      });
    });
  }
}
