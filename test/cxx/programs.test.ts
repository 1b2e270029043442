/** C++ and C programs whose answers must be the same with both toolchains, optimised or not. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Builder } from '../../src/toolchain/index.ts';
import type { TestFunction } from '../engine/harness.ts';
import { builderOf, CHOICES } from '../toolchain/workshop.ts';
import { answerOf, built, expected } from './functions.ts';

interface Case {
  readonly what: string;
  readonly file: string;
  /** Optimisation: what the embedded compiler takes ten times as long for is left to the system's. */
  readonly levels: Readonly<Record<(typeof CHOICES)[number], readonly string[]>>;
  readonly body?: string;
  readonly run?: Omit<TestFunction, 'wasm'>;
}

const BOTH = { embedded: ['-O0', '-O2'], system: ['-O0', '-O2'] };

const CASES: readonly Case[] = [
  {
    what: 'exceptions are thrown and caught in every way there is',
    file: 'exceptions.cpp',
    levels: { embedded: ['-O0', '-O2'], system: ['-O0', '-O1', '-O2', '-O3'] },
  },
  { what: 'the standard library throws what it should', file: 'errors.cpp', levels: { embedded: ['-O2'], system: ['-O0', '-O2'] } },
  {
    what: 'the standard library does what it should',
    file: 'features.cpp',
    levels: { embedded: ['-O2'], system: ['-O2'] },
    body: 'a\nb\n',
    run: { files: { '/data/packed.txt': Buffer.from('packed text\n') }, spec: { args: ['argument'] } },
  },
  { what: 'setjmp and longjmp work in C', file: 'jumps.c', levels: BOTH },
  { what: 'setjmp and longjmp work beside exceptions', file: 'jumps.cpp', levels: BOTH },
];

for (const toolchain of CHOICES) {
  describe(`C++ programs, ${toolchain} toolchain`, () => {
    let builder: Builder | undefined;
    before(async () => {
      builder = await builderOf(toolchain);
    });
    after(() => builder?.close());

    for (const { what, file, levels, body = '', run } of CASES) {
      for (const level of levels[toolchain]) {
        test(`${what} (${level})`, async (context) => {
          if (!builder) return context.skip('there is no clang on this machine that links for WebAssembly');
          const wasm = await built(builder, { file, flags: [level] });
          assert.equal(await answerOf(wasm, body, run), expected(file));
        });
      }
    }
  });
}
