/** One table of inputs and answers for every contract, in C and in C++, built by every toolchain, from manifest to answer. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadApp } from '../../src/manifest/index.ts';
import type { Builder } from '../../src/toolchain/index.ts';
import { builderOf, CHOICES } from '../toolchain/workshop.ts';
import { TestEngine, type TestFunction } from '../engine/harness.ts';

const CONTRACTS = ['weft', 'stdio', 'nightcore'] as const;
const LANGUAGES = ['c', 'cpp'] as const;

interface Case {
  readonly input: Buffer;
  readonly status: number;
}

const CASES: Readonly<Record<string, Case>> = {
  nothing: { input: Buffer.alloc(0), status: 200 },
  'a few bytes': { input: Buffer.from('Hello, Weft'), status: 200 },
  'every byte': { input: Buffer.from(Array.from({ length: 256 }, (_, i) => i)), status: 200 },
  'as much as fits the input area, about': { input: Buffer.alloc(3 * 1024, 'abc'), status: 200 },
  'more than one page': { input: Buffer.alloc(100_001, 'a tale '), status: 200 },
  'more than the memory it began with': { input: Buffer.alloc(1024 * 1024, 'megabyte'), status: 200 },
  'a failure': { input: Buffer.from('fail'), status: 500 },
  'a trap': { input: Buffer.from('trap'), status: 502 },
};

for (const toolchain of CHOICES) {
  for (const language of LANGUAGES) {
    describe(`every contract, ${language}, ${toolchain} toolchain`, () => {
      let engine: TestEngine | undefined;
      before(async () => {
        const builder = await builderOf(toolchain);
        if (!builder) return;
        const functions = await built(builder, language);
        engine = await TestEngine.start();
        const outcome = await engine.deploy(functions);
        assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
      });
      after(() => engine?.close());

      for (const contract of CONTRACTS) {
        test(contract, async (t) => {
          if (!engine) return t.skip('no system clang is installed');
          // Twice: what one left behind must not show in the next.
          for (const round of [1, 2]) {
            for (const [name, { input, status }] of Object.entries(CASES)) {
              const reply = await engine.call(contract, input);
              assert.equal(reply.status, status, `${name}, round ${round}: ${reply.body.slice(0, 200)}`);
              if (status === 200) assert.ok(Buffer.from(input).reverse().equals(reply.bytes), `${name}, round ${round}`);
            }
          }
        });
      }
    });
  }
}

/** An app with a function of each contract, from its folder as a user has it. */
async function built(builder: Builder, language: string): Promise<Record<string, TestFunction>> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-cases-'));
  try {
    await cp(join(import.meta.dirname, 'sources/transform.h'), join(folder, 'transform.h'));
    for (const contract of CONTRACTS) {
      await cp(join(import.meta.dirname, `sources/${contract}.c`), join(folder, `${contract}.${language}`));
    }
    const lines = CONTRACTS.map((contract) => `  ${contract}: { contract: ${contract}, sources: [${contract}.${language}] }`);
    await writeFile(join(folder, 'weft.yaml'), ['app: cases', 'functions:', ...lines, ''].join('\n'));
    const { functions } = await loadApp(folder);
    return Object.fromEntries(
      await Promise.all(
        functions.map(async (fn) => {
          const { build: _build, files: _files, ...settings } = fn;
          return [fn.name, { wasm: (await builder.build(fn)).wasm, spec: settings }] as const;
        }),
      ),
    );
  } finally {
    await builder.close();
    await rm(folder, { recursive: true });
  }
}
