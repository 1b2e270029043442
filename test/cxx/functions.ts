/** Programs of test/cxx/programs, built by the toolchain as a user's are, in an engine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildSpec, ContractName, FunctionSpec } from '../../src/model/app.ts';
import type { Builder } from '../../src/toolchain/index.ts';
import { TestEngine, type TestFunction } from '../engine/harness.ts';
import { fn, sources } from '../toolchain/workshop.ts';

export const PROGRAMS = join(import.meta.dirname, 'programs');
export const REQUIRE_ALL = process.env['WEFT_TEST_REQUIRE_ALL'] === '1';

type Sources = Extract<BuildSpec, { kind: 'sources' }>;

export interface Program extends Partial<Pick<Sources, 'flags' | 'includeDirs' | 'cppStandard' | 'stackBytes'>> {
  /** In the folder of programs. */
  readonly file: string;
  readonly contract?: ContractName;
}

export async function built(builder: Builder, program: Program): Promise<Uint8Array<ArrayBuffer>> {
  const { wasm } = await builder.build(specOf(program));
  return wasm;
}

export const expected = (file: string): string => readFileSync(join(PROGRAMS, `${file}.expected`), 'utf8');

/** What one program answers, run as a function of its own. */
export async function answerOf(wasm: Uint8Array, body: Uint8Array | string, more: Omit<TestFunction, 'wasm'> = {}): Promise<string> {
  const engine = await TestEngine.start();
  try {
    const outcome = await engine.deploy({ fn: { ...more, wasm, spec: { contract: 'stdio', ...more.spec } } });
    if (outcome?.type !== 'deployed') throw new Error(JSON.stringify(outcome));
    const reply = await engine.call('fn', body);
    if (reply.status === 200) return reply.body;
    return `${reply.status} ${reply.body}\n${engine.logs.map(({ text }) => text).join('\n')}`;
  } finally {
    await engine.close();
  }
}

function specOf({
  file,
  contract = 'stdio',
  flags = [],
  includeDirs = [],
  cppStandard = 'c++20',
  stackBytes = 64 * 1024,
}: Program): FunctionSpec {
  return fn(sources([join(PROGRAMS, file)], { includeDirs, flags, cppStandard, stackBytes }), contract);
}
