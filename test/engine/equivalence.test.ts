/** Moving a function in or out of a merge group changes no result: workflows run merged, merged in part and apart give the same. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Rollback } from '../../src/model/app.ts';
import { compiledFile } from './compiled.ts';
import { type Reply, TestEngine } from './harness.ts';
import { WORKFLOWS } from './workflows.ts';

const NAMES = ['a', 'b', 'c', 'd'];
const GROUPINGS = {
  merged: [NAMES],
  'merged in part': [
    ['a', 'c'],
    ['b', 'd'],
  ],
  apart: [],
};
const CALL_DEPTH = 6;
const LIMITS = { callDepth: CALL_DEPTH, memoryBytes: 1024 * 1024, requestBytes: 200_000, responseBytes: 100_000, deadlineMs: 20_000 };

/** Those that see what an earlier call left, which is defined where it is erased after each call, or never. */
const STATEFUL: Readonly<Record<string, string>> = {
  'state of functions': 'ncb{n}cb{n}n',
  'state of a function that failed': 'cb{nf}cb{n}',
};

interface Outcome {
  readonly status: number;
  readonly body: string;
  readonly logs: readonly string[];
}

class Grouping {
  readonly engine: TestEngine;

  static async start(merge: string[][], rollback: Rollback, wasm: Uint8Array): Promise<Grouping> {
    const engine = await TestEngine.start();
    const fn = { wasm, limits: LIMITS, spec: { rollback } };
    const outcome = await engine.deploy(Object.fromEntries(NAMES.map((name) => [name, fn])), merge);
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
    return new Grouping(engine);
  }

  private constructor(engine: TestEngine) {
    this.engine = engine;
  }

  async run(script: string): Promise<Outcome> {
    const reply = await this.engine.call('a', script);
    await this.engine.quiet();
    const logs = this.engine.takeLogs().filter(({ level }) => level === 'info');
    // Which of several calls in parallel comes first is nobody's promise.
    return { status: reply.status, body: bodyOf(reply), logs: logs.map((log) => `${log.function}: ${log.text}`).toSorted() };
  }
}

/** Of an error the code: why exactly a function trapped is told in the words of whoever noticed. */
function bodyOf({ body }: Reply): string {
  return body.startsWith('{"error"') ? (JSON.parse(body) as { error: { code: string } }).error.code : body;
}

let wasm: Uint8Array;
before(async () => {
  wasm = await compiledFile('script.c');
});

for (const rollback of ['request', 'call', 'never'] as const) {
  describe(`rollback: ${rollback}`, () => {
    const groupings: Grouping[] = [];
    before(async () => {
      for (const merge of Object.values(GROUPINGS)) groupings.push(await Grouping.start(merge, rollback, wasm));
    });
    after(async () => {
      for (const { engine } of groupings) await engine.close();
    });

    async function same(script: string): Promise<Outcome> {
      const outcomes = await Promise.all(groupings.map((grouping) => grouping.run(script)));
      const [first] = outcomes as [Outcome, ...Outcome[]];
      for (const outcome of outcomes) assert.deepEqual(outcome, first, script);
      return first;
    }

    for (const [name, script] of Object.entries({ ...WORKFLOWS, ...(rollback === 'request' ? {} : STATEFUL) })) {
      test(`${name} is the same merged and apart`, async () => {
        await same(script);
        await same(script);
      });
    }

    test('any workflow is the same merged and apart', async () => {
      // Where state is kept, what there is depends on which of a function's contexts a call gets.
      const steps = { request: [...STEPS, 'm'], call: [...STEPS, 'm', 'n'], never: STEPS }[rollback];
      await fc.assert(
        fc.asyncProperty(workflow(steps), async (script) => {
          await same(script);
        }),
        { numRuns: Number(process.env['WEFT_PROPERTY_RUNS'] ?? 60) },
      );
    });
  });
}

const STEPS = ['e1;', 'e2;', 'q', 'lhi;', 'R', 'r10;', 'r600;', 'r5000;', 'h201;', 'z0;', 'z1;', 'w', 't', 'f', 'a', 'o', 'x1;', 'p', 'P'];

/** Traps are rare among the steps of a script, so that most go on. */
function workflow(steps: readonly string[]): fc.Arbitrary<string> {
  const { script } = fc.letrec<{ script: string; step: string; nested: string }>((tie) => ({
    script: fc.array(tie('step'), { maxLength: 6 }).map((parts) => parts.join('')),
    step: fc.oneof(
      { maxDepth: 5, depthIdentifier: 'calls' },
      { weight: 3, arbitrary: fc.constantFrom(...steps) },
      { weight: 3, arbitrary: tie('nested') },
    ),
    nested: fc
      .tuple(fc.constantFrom('c', 'C', 's'), fc.constantFrom(...NAMES), tie('script'))
      .map(([how, name, inner]) => `${how}${name}{${inner}}`),
  }));
  return script;
}
