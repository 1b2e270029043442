/** Reaching a limit gives the documented status and code, to the client, in the log and in the metrics; and nothing else happens. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { FunctionMetrics } from '../../src/engine/protocol.ts';
import { ERRORS, type ErrorCode } from '../../src/model/errors.ts';
import type { Limits } from '../../src/model/limits.ts';
import { compiledFile } from './compiled.ts';
import { type Reply, TestEngine } from './harness.ts';

const MiB = 1024 * 1024;

interface Case {
  readonly limit: Partial<Limits>;
  readonly script: string;
  readonly code: ErrorCode;
}

/** What a client sees of a function that reaches a limit of its own. */
const CLIENT: Readonly<Record<string, Case>> = {
  memory: { limit: { memoryBytes: MiB }, script: 'mt', code: 'WEFT_MEMORY' },
  'deadline, running': { limit: { deadlineMs: 60 }, script: 'k', code: 'WEFT_DEADLINE' },
  'deadline, waiting': { limit: { deadlineMs: 60 }, script: 'z9999;', code: 'WEFT_DEADLINE' },
  'deadline, waiting for another': { limit: { deadlineMs: 60 }, script: 'cb{z9999;}', code: 'WEFT_DEADLINE' },
  'response size': { limit: { responseBytes: 1000 }, script: 'r1001;', code: 'WEFT_RESPONSE_TOO_LARGE' },
};

/** What a caller sees of a callee that reaches a limit, and what is in the log. */
const CALLER: Readonly<
  Record<
    string,
    {
      readonly limits: Readonly<Record<string, Partial<Limits>>>;
      readonly script: string;
      readonly answer: string;
      readonly code: ErrorCode;
      readonly by: string;
    }
  >
> = {
  memory: { limits: { b: { memoryBytes: MiB } }, script: 'cb{mt}ex;', answer: '!4/0x', code: 'WEFT_MEMORY', by: 'b' },
  'deadline, running': { limits: { b: { deadlineMs: 60 } }, script: 'cb{k}ex;', answer: '!5/0x', code: 'WEFT_DEADLINE', by: 'b' },
  'request size': {
    limits: { b: { requestBytes: 10 } },
    script: 'cb{e12345678;}cb{e123456789;}ex;',
    answer: '(200 12345678)!8/0x',
    code: 'WEFT_REQUEST_TOO_LARGE',
    by: 'b',
  },
  'request size over the input area': {
    limits: { b: { requestBytes: 5000 } },
    script: `cb{e${'x'.repeat(5000)};}ex;`,
    answer: '!8/0x',
    code: 'WEFT_REQUEST_TOO_LARGE',
    by: 'b',
  },
  'response size': {
    limits: { b: { responseBytes: 1000 } },
    script: 'cb{r1001;}ex;',
    answer: '!8/0x',
    code: 'WEFT_RESPONSE_TOO_LARGE',
    by: 'b',
  },
  'call depth': {
    limits: { a: { callDepth: 3 }, b: { callDepth: 3 }, c: { callDepth: 3 } },
    script: 'cb{cc{cb{ex;}ey;}}',
    answer: '(200 (200 !6/0y))',
    code: 'WEFT_CALL_DEPTH',
    by: 'c',
  },
  'call depth of one in the middle': {
    limits: { b: { callDepth: 2 } },
    script: 'cb{cc{ex;}ey;}cc{ez;}',
    answer: '(200 !6/0y)(200 z)',
    code: 'WEFT_CALL_DEPTH',
    by: 'b',
  },
};

const codeOf = ({ body }: Reply): unknown => (JSON.parse(body) as { error: { code: string } }).error.code;

describe('limits', () => {
  let engine: TestEngine;
  let wasm: Uint8Array;
  before(async () => {
    engine = await TestEngine.start();
    wasm = await compiledFile('script.c');
  });
  after(() => engine.close());

  async function deploy(limits: Readonly<Record<string, Partial<Limits>>>, merge: string[][]): Promise<void> {
    const outcome = await engine.deploy(
      Object.fromEntries(['a', 'b', 'c'].map((name) => [name, { wasm, limits: limits[name] ?? {} }])),
      merge,
    );
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
    engine.takeLogs();
  }

  const errorsOf = (name: string): string[] =>
    engine
      .takeLogs()
      .filter((log) => log.level === 'error' && log.function === name)
      .map(({ text }) => text);

  const metricsOf = (name: string): FunctionMetrics => {
    const metrics = engine.thread.metrics().functions.find((each) => each.function === name);
    assert.ok(metrics);
    return metrics;
  };

  for (const merge of [[], [['a', 'b', 'c']]]) {
    const how = merge.length > 0 ? 'merged' : 'alone';

    for (const [limit, { limit: limits, script, code }] of Object.entries(CLIENT)) {
      test(`a client of a function that reaches its limit of ${limit}, ${how}, gets ${code}`, async () => {
        await deploy({ a: limits }, merge);
        const { status } = ERRORS[code];
        const counted = metricsOf('a').byStatus[status] ?? 0;
        const reply = await engine.call('a', script);
        assert.deepEqual([reply.status, codeOf(reply)], [status, code]);
        await engine.quiet();
        assert.ok(
          errorsOf('a').some((text) => text.startsWith(`${code}: `)),
          'in the log',
        );
        assert.equal(metricsOf('a').byStatus[status], counted + 1, 'in the metrics');
        assert.equal((await engine.call('a', 'cb{ex;}')).body, '(200 x)', 'and goes on');
      });
    }

    for (const [limit, { limits, script, answer, code, by }] of Object.entries(CALLER)) {
      test(`the caller of a function that reaches its limit of ${limit}, ${how}, gets an error and goes on`, async () => {
        await deploy(limits, merge);
        assert.equal((await engine.call('a', script)).body, answer);
        await engine.quiet();
        const errors = errorsOf(by);
        assert.ok(
          errors.some((text) => text.startsWith(`${code}: `)),
          JSON.stringify(errors),
        );
      });
    }

    test(`requests over a function's concurrency, ${how}, get 429, the others end well`, async () => {
      await deploy({ a: { concurrency: 5 } }, merge);
      const counted = metricsOf('a').byStatus[429] ?? 0;
      const replies = await Promise.all(Array.from({ length: 8 }, () => engine.call('a', 'z20;ex;')));
      assert.deepEqual(
        replies.map(({ status }) => status),
        [200, 200, 200, 200, 200, 429, 429, 429],
      );
      assert.equal(codeOf(replies[7] as Reply), 'WEFT_CONCURRENCY');
      assert.ok(errorsOf('a').some((text) => text.startsWith('WEFT_CONCURRENCY: ')));
      assert.equal(metricsOf('a').byStatus[429], counted + 3);
      assert.equal((await engine.call('a', 'ex;')).body, 'x');
    });
  }

  test('a caller that finds a function at its concurrency gets an error', async () => {
    await deploy({ b: { concurrency: 2 } }, []);
    assert.equal((await engine.call('a', 'sb{z300;e1;}sb{z300;e2;}sb{z300;e3;}w')).body, '(200 1)(200 2)!7/0');
    assert.ok(errorsOf('b').some((text) => text.startsWith('WEFT_CONCURRENCY: ')));
  });

  test('as many functions as can be merged call each other; more are refused', async () => {
    const named = (count: number): string[] => Array.from({ length: count }, (_, i) => String.fromCharCode((i < 26 ? 97 : 65 - 26) + i));
    for (const count of [32, 33]) {
      const names = named(count);
      const outcome = await engine.deploy(Object.fromEntries(names.map((name) => [name, { wasm }])), [names]);
      if (count === 33) assert.equal(outcome?.type === 'refused' && outcome.error.code, 'WEFT_MODULE_REFUSED');
      else assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
      const chain = named(32).slice(1).toReversed();
      const script = chain.reduce((inner, name) => `c${name}{${inner}e${name};}`, '');
      assert.equal((await engine.call('a', script)).body.replace(/[^a-zA-Z]/g, ''), chain.join(''));
      assert.equal((await engine.call('a', `cF{t}c${chain[1]}{cF{t}e1;}`)).body, '!4/0(200 !4/01)');
    }
  });

  test('sizes up to the limits are taken whole, by a switch and through the host', async () => {
    const limits = { requestBytes: 2 * MiB, responseBytes: MiB };
    for (const merge of [[], [['a', 'b', 'c']]]) {
      await deploy({ a: { requestBytes: 4 * MiB }, b: limits }, merge);
      for (const size of [0, 1, 7, 8, 15, 16, 17, 511, 512, 513, 4095, 4096, 4097, 65_535, 65_536, 65_537, MiB - 1, MiB]) {
        const expected = Array.from({ length: Math.min(size, 23) }, (_, i) => String.fromCharCode(97 + i)).join('');
        const { body } = await engine.call('a', `cb{r${size};}`);
        assert.equal(body.length, '(200 )'.length + size, `answer of ${size}`);
        assert.equal(body.slice(5, 5 + expected.length), expected);
        assert.equal(body.at(-2), size === 0 ? ' ' : String.fromCharCode(97 + ((size - 1) % 23)));
      }
      assert.equal((await engine.call('a', `cb{r${MiB + 1};}`)).body, '!8/0');
      // The script is "e", the text and ";".
      for (const size of [0, 1, 4093, 4094, 4095, 65_536, MiB - 10, MiB]) {
        const text = 'y'.repeat(size);
        assert.equal((await engine.call('a', `cb{e${text};}`)).body, `(200 ${text})`, `argument of ${size}`);
      }
      assert.equal((await engine.call('a', `cb{e${'y'.repeat(2 * MiB - 1)};}`)).body, '!8/0');
    }
  });
});
