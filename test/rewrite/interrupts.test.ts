import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { instrument } from '../../src/toolchain/rewrite/index.ts';
import { compilers } from './compile.ts';
import { type Running, run } from './instance.ts';

const SOURCE = `
#define EXPORT(name) __attribute__((export_name(#name))) name
typedef unsigned (*function)(unsigned);
volatile unsigned counter;

unsigned EXPORT(add)(unsigned a, unsigned b) { return a + b; }
void EXPORT(spin)(void) { for (;;) counter++; }
void EXPORT(spin_silently)(void) { volatile int one = 1; while (one) ; }
void EXPORT(spin_by_goto)(void) { again: counter++; if (counter & 1) goto again; counter++; goto again; }
unsigned EXPORT(sum)(unsigned n) { unsigned s = 0; for (unsigned i = 0; i < n; i++) s += i ^ counter; return s; }

__attribute__((noinline)) unsigned EXPORT(recurse)(unsigned n) { counter++; return n == 0 ? 1 : recurse(n - 1) * 3 + recurse(n - 1); }

unsigned even(unsigned n);
unsigned odd(unsigned n);
function parity[2] = {even, odd};
volatile unsigned zero;
__attribute__((noinline)) unsigned even(unsigned n) { return n == 0 ? 1 : parity[1 + zero](n - 1) + counter; }
__attribute__((noinline)) unsigned odd(unsigned n) { return n == 0 ? 0 : parity[zero](n - 1) + counter; }
unsigned EXPORT(by_pointer)(unsigned n) { return parity[zero](n); }

/* 3^30 calls, without a loop and without recursion. */
#define LEVEL(n, below) __attribute__((noinline)) unsigned level##n(unsigned x) { counter += x; return below(x) + below(x + 1) + below(x + 2); }
__attribute__((noinline)) unsigned level0(unsigned x) { return counter += x; }
LEVEL(1, level0) LEVEL(2, level1) LEVEL(3, level2) LEVEL(4, level3) LEVEL(5, level4) LEVEL(6, level5) LEVEL(7, level6)
LEVEL(8, level7) LEVEL(9, level8) LEVEL(10, level9) LEVEL(11, level10) LEVEL(12, level11) LEVEL(13, level12) LEVEL(14, level13)
LEVEL(15, level14) LEVEL(16, level15) LEVEL(17, level16) LEVEL(18, level17) LEVEL(19, level18) LEVEL(20, level19)
LEVEL(21, level20) LEVEL(22, level21) LEVEL(23, level22) LEVEL(24, level23) LEVEL(25, level24) LEVEL(26, level25)
LEVEL(27, level26) LEVEL(28, level27) LEVEL(29, level28) LEVEL(30, level29)
unsigned EXPORT(fan_out)(unsigned x) { return level30(x); }
`;

/** Each runs for ever, or as good as: only a check ends it. */
const ENDLESS: readonly (readonly [string, ...number[]])[] = [
  ['spin'],
  ['spin_silently'],
  ['spin_by_goto'],
  ['sum', 0xffff_ffff],
  ['recurse', 60],
  ['by_pointer', 1000],
  ['fan_out', 1],
];

for (const compiler of compilers) {
  for (const optimize of [false, true]) {
    void suite(`interrupt checks, ${compiler.name}, ${optimize ? 'optimised by binaryen' : 'not optimised'}`, () => {
      const start = async (): Promise<Running> => run(await instrument(await compiler.compile(SOURCE), { optimize }));

      for (const [name, ...args] of ENDLESS) {
        test(`${name} traps once the host says so`, async () => {
          const running = await start();
          running.interrupt(1);
          assert.throws(() => running.call(name, ...args), { name: 'RuntimeError', message: 'unreachable' });
          assert.equal(running.interrupts(), 1);
        });
      }

      test('a check that lets the function go on changes no result', async () => {
        const running = await start();
        const before = [running.call('sum', 1000), running.call('by_pointer', 0), running.call('recurse', 8)];
        running.interrupt(0);
        const after = [running.call('sum', 1000), running.call('by_pointer', 0), running.call('recurse', 8)];
        assert.deepEqual(after.slice(1), before.slice(1));
        assert.ok(running.interrupts() > 100);
      });

      test('a function without loop or recursion is not checked', async () => {
        const running = await start();
        running.interrupt(1);
        assert.equal(running.call('add', 2, 3), 5);
        assert.equal(running.interrupts(), 0);
      });
    });
  }
}

test('without checks nothing is inserted', async () => {
  const [compiler] = compilers;
  assert.ok(compiler);
  const running = run(await instrument(await compiler.compile(SOURCE), { optimize: false, checks: false }));
  running.interrupt(1);
  assert.equal(running.call('recurse', 3), running.call('recurse', 3));
  assert.equal(running.interrupts(), 0);
});
