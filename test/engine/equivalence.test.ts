/** Moving a function in or out of a merge group changes no result: workflows run merged, merged in part and apart give the same. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Rollback } from '../../src/model/app.ts';
import { compiledFile } from './compiled.ts';
import { type Reply, TestEngine } from './harness.ts';

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

/** Scripts of `functions/script.c`, for function `a`. */
const WORKFLOWS: Readonly<Record<string, string>> = {
  'a call, its status and its result': 'cb{h201;ex;}Cb{h404;r5000;}',
  'a diamond': 'cb{cd{e1;}}cc{cd{e2;}}',
  'a cycle': 'cb{cc{cd{ca{e1;}}}}',
  'direct recursion': 'ca{ca{ca{e1;}e2;}e3;}',
  'mutual recursion': 'cb{ca{cb{ca{e1;}e2;}e3;}e4;}',
  'recursion past the depth limit': 'cb{ca{cb{ca{cb{ca{e1;}e2;}e3;}e4;}e5;}e6;}',
  'a chain past the depth limit, of which each goes on': 'cb{cc{cd{cb{cc{cd{e1;}e2;}e3;}e4;}e5;}e6;}',
  'a callee that traps': 'e1;cb{t}e2;',
  'a callee that aborts': 'cb{a}e2;',
  'a callee that divides by zero': 'cb{d}e2;',
  'a callee that calls through a null pointer': 'cb{u}e2;',
  'a callee that overflows its stack': 'cb{o}e2;',
  'a callee that fails': 'cb{e1;f}e2;',
  'a callee that exits': 'cb{x0;}cb{x3;}e2;',
  'a callee that uses up its memory': 'cb{m}cb{mt}e2;',
  'a callee that names memory it does not have': 'cb{p}cb{P}e2;',
  'a callee that traps behind another': 'cb{cc{t}e1;}e2;',
  'a callee that traps after another did': 'cb{cc{t}t}e2;cc{e3;}',
  'more traps than are replayed': 'cb{t}'.repeat(40),
  'more traps than are replayed, further in': `cb{${'cc{t}'.repeat(20)}e1;}cb{t}cc{e2;}`,
  'results after errors': 'cb{r2000;}Rcb{t}Rcb{f}RCc{r50;}R',
  'host calls before, in and behind a callee that traps': 'qqcb{qlone;qt}qqcc{ltwo;q}qlthree;',
  'calls in parallel': 'sb{e1;}sc{e2;}sd{e3;}w',
  'calls in parallel that wait': 'sb{z5;e1;}sc{z1;e2;}sb{z3;e3;}w',
  'calls in parallel of which some trap': 'sb{t}sc{z1;t}sd{e1;}w',
  'calls in parallel that nobody waits for': 'sb{e1;}sc{t}e2;',
  'a trap between start and wait': 'sb{e1;}sc{z2;e2;}cd{t}w',
  'a callee that waits': 'cb{z2;e1;}e2;',
  'a callee that waits and traps': 'cb{z2;t}e2;cb{z1;f}',
  'callees that wait for each other': 'cb{cc{z1;cd{z1;e1;}z1;e2;}}',
  'a request at its limit': 'cb{r100000;}',
  'an answer over the limit': 'cb{r100001;}e1;',
  'no such function': 'cz{e1;}sz{}e1;',
  'an answer with a status of its own and no body': 'h204;',
  'the root traps': 'cb{e1;}t',
  'the root fails': 'cb{e1;}f',
  'the root exits': 'cb{e1;}x0;',
  'the root overflows its stack': 'cb{e1;}o',
  'the root reaches its memory limit': 'mt',
};
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
