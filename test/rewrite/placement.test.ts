import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { instrument } from '../../src/toolchain/rewrite/index.ts';
import { compilers } from './compile.ts';
import { run } from './instance.ts';

const PAGE_BYTES = 65_536;
const FLAGS = ['-msimd128', '-mbulk-memory', '-Wl,--stack-first', '-Wl,-z,stack-size=1024', '-Wl,--export=__data_end'];

/** All kinds of access, at any address; and some work that uses its memory as programs do. */
const SOURCE = `
#include <stdint.h>
#include <string.h>
#include <wasm_simd128.h>
#define EXPORT(name) __attribute__((export_name(#name))) name

static uint8_t table[3000] = {1, 2, 3};
static const char text[] = "constants have their place too";

uint32_t EXPORT(load8)(uint32_t at) { return *(volatile uint8_t *)at; }
uint32_t EXPORT(load16)(uint32_t at) { return *(volatile uint16_t *)at; }
uint32_t EXPORT(load32)(uint32_t at) { return *(volatile uint32_t *)at; }
uint64_t EXPORT(load64)(uint32_t at) { return *(volatile uint64_t *)at; }
double EXPORT(loadf)(uint32_t at) { return *(volatile double *)at; }
typedef v128_t anywhere __attribute__((aligned(1)));
/* Volatile: of a load that may be narrowed, compilers load but the lane that is asked for. */
uint32_t EXPORT(loadv)(uint32_t at) { return wasm_i32x4_extract_lane(*(volatile anywhere *)at, 1); }
uint32_t EXPORT(lane)(uint32_t at) { return wasm_i32x4_extract_lane(wasm_v128_load32_lane((void *)at, wasm_i32x4_splat(7), 2), 2); }
void EXPORT(store8)(uint32_t at, uint32_t value) { *(volatile uint8_t *)at = value; }
void EXPORT(store64)(uint32_t at, uint64_t value) { *(volatile uint64_t *)at = value; }
void EXPORT(copy)(uint32_t to, uint32_t from, uint32_t length) { __builtin_memcpy((void *)to, (void *)from, length); }
void EXPORT(fill)(uint32_t to, uint32_t value, uint32_t length) { __builtin_memset((void *)to, value, length); }

uint32_t EXPORT(end)(void) { extern char __data_end; return (uint32_t)&__data_end; }
uint32_t EXPORT(stack)(void) { volatile char here[16]; return (uint32_t)here; }

uint32_t EXPORT(work)(uint32_t seed) {
  uint8_t local[600];
  for (unsigned i = 0; i < sizeof table; i++) table[i] += (seed = seed * 1664525 + 1013904223) >> 24;
  memcpy(local, table + seed % 2000, sizeof local);
  memset(table + seed % 2500, seed, 300);
  uint32_t sum = 0;
  for (unsigned i = 0; i < sizeof local; i++) sum = sum * 31 + local[i] + text[i % (sizeof text)];
  for (unsigned i = 0; i < sizeof table; i++) sum = sum * 31 + table[i];
  return sum;
}
`;

/** Bytes of each access that has one width. */
const WIDTHS: Readonly<Record<string, number>> = {
  load8: 1,
  store8: 1,
  load16: 2,
  load32: 4,
  lane: 4,
  load64: 8,
  store64: 8,
  loadf: 8,
  loadv: 16,
};

type Outcome = { readonly value: unknown } | { readonly trap: true };

for (const compiler of compilers) {
  void suite(`a module whose addresses are moved, ${compiler.name}`, async () => {
    const linked = await compiler.compile(SOURCE, FLAGS);
    const start = async (compact: boolean) => run(await instrument(linked, { optimize: false, compact }));
    const [moved, plain] = [await start(true), await start(false)];
    const end = plain.call('end') as number;
    const reach = Math.ceil(end / 64) * 64;
    const base = PAGE_BYTES - reach;
    const memoryOf = ({ memory }: { memory: WebAssembly.Memory }): Uint8Array => new Uint8Array(memory.buffer);
    const attempt = (running: typeof moved, name: string, args: readonly (number | bigint)[]): Outcome => {
      try {
        return { value: running.call(name, ...args) };
      } catch (cause) {
        assert.ok(cause instanceof WebAssembly.RuntimeError, String(cause));
        return { trap: true };
      }
    };

    test('has one page, of which it reaches the end', () => {
      assert.equal(moved.memory.buffer.byteLength, PAGE_BYTES);
      assert.ok(base >= 48 * 1024, `${base}`);
    });

    test('computes what it computes elsewhere', () => {
      fc.assert(fc.property(fc.nat(), (seed) => assert.equal(moved.call('work', seed), plain.call('work', seed))));
      assert.ok(Buffer.compare(memoryOf(moved).subarray(base), memoryOf(plain).subarray(0, reach)) === 0);
    });

    test('does what it does elsewhere at each address that it reaches, and traps at all others', () => {
      const address = fc.oneof(
        fc.nat(reach + 64),
        fc.integer({ min: -reach, max: 64 }),
        fc.integer({ min: -base - 64, max: -base + 64 }),
        fc.integer(),
      );
      // Of no length at all, newer compilers ask nothing of the machine.
      const length = fc.oneof(fc.nat(64), fc.nat(2 * PAGE_BYTES), fc.integer()).filter((bytes) => bytes !== 0);
      const access = fc.oneof(
        fc.tuple(fc.constantFrom('load8', 'load16', 'load32', 'load64', 'loadf', 'loadv', 'lane'), fc.tuple(address)),
        fc.tuple(fc.constant('store8'), fc.tuple(address, fc.nat(255))),
        fc.tuple(fc.constant('store64'), fc.tuple(address, fc.bigInt({ min: 0n, max: 2n ** 63n }))),
        fc.tuple(fc.constant('copy'), fc.tuple(address, address, length)),
        fc.tuple(fc.constant('fill'), fc.tuple(address, fc.nat(255), length)),
      );
      const inReach = (name: string, args: readonly (number | bigint)[]): boolean => {
        const [first, second, third] = args.map((arg) => Number(arg) >>> 0) as [number, number, number];
        if (name === 'copy') return first + third <= reach && second + third <= reach;
        return first + (name === 'fill' ? third : (WIDTHS[name] ?? 1)) <= reach;
      };
      fc.assert(
        fc.property(access, ([name, args]) => {
          const outcome = attempt(moved, name, args);
          if (inReach(name, args)) assert.deepEqual(outcome, attempt(plain, name, args));
          else assert.deepEqual(outcome, { trap: true });
          assert.ok(
            memoryOf(moved)
              .subarray(0, base)
              .every((byte) => byte === 0),
            'below its address 0',
          );
        }),
        { numRuns: 1000 },
      );
      assert.ok(Buffer.compare(memoryOf(moved).subarray(base), memoryOf(plain).subarray(0, reach)) === 0);
    });

    test('traps at the first address from which an access of any width leaves what it reaches', () => {
      for (const [name, width] of Object.entries(WIDTHS)) {
        const args = (at: number): (number | bigint)[] => (name.startsWith('store') ? [at, name === 'store64' ? 0n : 0] : [at]);
        assert.deepEqual(attempt(moved, name, args(reach - width)), attempt(plain, name, args(reach - width)), name);
        assert.deepEqual(attempt(moved, name, args(reach - width + 1)), { trap: true }, name);
      }
    });

    test('traps when its stack is used up', () => assert.ok((moved.call('stack') as number) < 1024));

    test('stays where it is when it manages its memory itself', async () => {
      const source = '__attribute__((export_name("size"))) unsigned long size(void) { return __builtin_wasm_memory_size(0); }';
      const left = run(await instrument(await compiler.compile(source, FLAGS), { optimize: false, compact: true }));
      assert.equal(left.call('size'), 1);
    });
  });
}
