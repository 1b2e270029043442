/** The headers of Google's functions-framework: every compiler and standard that users may bring, with all warnings. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SDK, toolchains } from '../sdk/build.ts';

const INTERFACE = join(import.meta.dirname, 'interface.cpp');
const WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wconversion', '-Werror'];
/** The check itself declares what nobody defines. */
const OF_THE_CHECK = ['-Wno-undefined-inline', '-Wno-unused-const-variable'];
/** Debian's clang has its version in its name alone. */
const CLANG = ['clang++', 'clang++-19', 'clang++-18', 'clang++-17', 'clang++-16'].find((name) => !spawnSync(name, ['--version']).error);
const COMPILERS = ['g++', CLANG ?? 'clang++'];
const STANDARDS = ['c++17', 'c++20', 'c++23'];

const knows = (compiler: string, standard: string): boolean =>
  spawnSync(compiler, [`-std=${standard}`, '-x', 'c++', '-fsyntax-only', '/dev/null']).status === 0;

describe('the interface is as it is described', () => {
  for (const compiler of COMPILERS) {
    for (const standard of STANDARDS) {
      test(`${compiler} -std=${standard}`, (t) => {
        if (!knows(compiler, standard)) return t.skip(`there is no ${compiler} that knows ${standard}`);
        const args = [`-std=${standard}`, ...WARNINGS, ...OF_THE_CHECK, `-I${join(SDK, 'include')}`, '-fsyntax-only', INTERFACE];
        const { status, stderr } = spawnSync(compiler, args, { encoding: 'utf8' });
        assert.equal(status, 0, stderr);
      });
    }
  }

  for (const toolchain of toolchains()) {
    for (const standard of STANDARDS) {
      test(`WebAssembly, ${toolchain.name} toolchain, -std=${standard}`, async () => {
        const flags = [`-std=${standard}`, '-fwasm-exceptions', ...WARNINGS, ...OF_THE_CHECK];
        await toolchain.check('interface.cpp', readFileSync(INTERFACE, 'utf8'), flags);
      });
    }
  }
});
