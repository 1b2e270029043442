import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type ContractName, FLAGS, SDK, toolchains } from './build.ts';
import { Host } from './host.ts';

const PAGE = readFileSync(join(SDK, '../docs/sdk.md'), 'utf8');
const HEADER = readFileSync(join(SDK, 'include/weft/v1.h'), 'utf8');
const FN_HEADER = readFileSync(join(SDK, 'include/fn/fdk.h'), 'utf8');
const examples = [...PAGE.matchAll(/```(c|cpp)\n([^]*?)```/g)].map(([, language = '', code = '']) => ({ language, code }));

function contractOf(code: string): ContractName {
  if (code.includes('faas_')) return 'nightcore';
  if (code.includes('fn_handle')) return 'fn';
  return code.includes('int main(') ? 'stdio' : 'weft';
}

for (const toolchain of toolchains()) {
  describe(`examples of docs/sdk.md, ${toolchain.name} toolchain`, () => {
    for (const [i, { language, code }] of examples.entries()) {
      test(`${language} example ${i + 1} compiles${language === 'c' ? ' and links' : ''}`, async () => {
        if (language === 'cpp') await toolchain.check('example.cpp', code, ['-std=c++20', '-fwasm-exceptions', ...FLAGS]);
        else
          await Host.start(await toolchain.build({ contract: contractOf(code), sources: { 'example.c': code }, flags: FLAGS }), {
            callees: { score: () => 0 },
          });
      });
    }
  });
}

test('the page tells of every function of the kit for Fn', () => {
  const declared = new Set([...FN_HEADER.matchAll(/\b(fn_[a-z_]+)\(/g)].map(([, name = '']) => name));
  assert.deepEqual(
    [...declared].filter((name) => !PAGE.includes(name)),
    [],
  );
});

test('the page tells of every function of the header', () => {
  const declared = [...HEADER.matchAll(/\b(weft_[a-z_]+)\(/g)].map(([, name = '']) => name);
  const told = new Set([...PAGE.matchAll(/\bweft_[a-z_]+/g)].map(([name]) => name));
  const silent = new Set(['weft_call_rest', 'weft_call_status']); // beside weft_call_into, in the header itself
  assert.deepEqual(
    [...new Set(declared)].filter((name) => !told.has(name) && !silent.has(name)),
    [],
  );
});
