/** Functions that go wrong in every way C offers: each is its own client's error, and costs nobody else anything. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { compiled } from '../engine/compiled.ts';
import { TestEngine } from '../engine/harness.ts';

const MiB = 1024 * 1024;
const LIMITS = { deadlineMs: 60_000, memoryBytes: 8 * MiB, responseBytes: MiB };
const BRIEF = { ...LIMITS, deadlineMs: 300 };
/** The most that any flood may add to the process: what the function may have by its limits, and batches on their way. */
const MOST_BYTES = 300 * MiB;

type Outcome = readonly [status: number, codeOrBody: string | RegExp];
const TRAPPED: Outcome = [502, 'WEFT_FUNCTION_TRAPPED'];
const FINE: Outcome = [200, 'fine'];

/** Letter of `crashes.c`, what happens, what the client of a weft function gets, and of a program with main when that differs. */
const CRASHES: readonly (readonly [letter: string, what: string, weft: Outcome, stdio?: Outcome])[] = [
  ['r', 'recurs without end', TRAPPED],
  ['t', 'runs into unreachable', TRAPPED],
  ['a', 'aborts', TRAPPED],
  ['d', 'divides by zero', TRAPPED],
  ['D', 'divides the least number by -1', TRAPPED],
  ['c', 'converts a number that is too large', FINE, [200, '']],
  ['u', 'calls through a null pointer', TRAPPED],
  ['U', 'calls through a pointer of another type', TRAPPED],
  ['w', 'writes where it has no memory', TRAPPED],
  ['o', 'overruns a buffer to the end of its memory', TRAPPED],
  ['h', 'corrupts its heap', [200, /^fine$|^$/]],
  ['L', 'asks for a stack frame of 100 MB', TRAPPED],
  ['g', 'grows to its limit', FINE, [200, '']],
  ['x', 'exits in the middle, with 3', TRAPPED, [500, 'exit status 3\nbefore']],
  ['X', 'exits in the middle, with 0', TRAPPED, [200, 'before']],
  ['_', 'exits at once', TRAPPED, [500, 'exit status 5\n']],
  ['j', 'jumps to where it never was', TRAPPED],
  ['s', 'spins for ever', [504, 'WEFT_DEADLINE']],
  ['f', 'floods its standard output', FINE, [500, 'WEFT_RESPONSE_TOO_LARGE']],
  ['e', 'floods its standard error', FINE, [200, '']],
  ['T', 'fills its scratch folder', FINE, [200, '']],
  ['F', 'leaks descriptors', FINE, [200, '']],
];
const OF_WEFT: typeof CRASHES = [
  ['l', 'floods its log', FINE],
  ['R', 'makes millions of host calls', FINE],
  ['N', 'looks for functions that do not exist', FINE],
  ['H', 'sets header lines without end', [502, 'WEFT_BAD_RESPONSE']],
  ['b', 'answers without end', [500, 'WEFT_FUNCTION_FAILED']],
  ['n', 'starts calls and waits for none', FINE],
];

function outcome(status: number, body: string, expected: Outcome): void {
  const seen = body.startsWith('{"error"') ? (JSON.parse(body) as { error: { code: string } }).error.code : body;
  assert.equal(status, expected[0], seen);
  if (typeof expected[1] === 'string') assert.equal(seen, expected[1]);
  else assert.match(seen, expected[1]);
}

describe('a function that goes wrong', () => {
  let engine: TestEngine;
  let weft: Uint8Array;
  let stdio: Uint8Array;
  before(async () => {
    const source = readFileSync(join(import.meta.dirname, 'crashes.c'), 'utf8');
    weft = await compiled(source);
    stdio = await compiled(source, { contract: 'stdio', flags: ['-DSTDIO'] });
    engine = await TestEngine.start();
  });
  after(() => engine.close());

  async function crash(name: string, letter: string, expected: Outcome): Promise<void> {
    const before = process.memoryUsage().rss;
    const crashing = engine.call(name, letter);
    assert.equal((await engine.call('callee', 'k')).body, 'fine', 'others are answered meanwhile');
    const { status, body } = await crashing;
    outcome(status, body, expected);
    assert.equal((await engine.call(name, 'k')).body, 'fine', 'it serves the next');
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < MOST_BYTES, `${grown} bytes`);
    engine.takeLogs();
  }

  for (const merge of [[], [['weft', 'callee', 'brief-weft']]]) {
    describe(merge.length > 0 ? 'merged' : 'alone', () => {
      before(async () => {
        const deployed = await engine.deploy(
          {
            weft: { wasm: weft, limits: LIMITS },
            callee: { wasm: weft, limits: LIMITS },
            stdio: { wasm: stdio, limits: LIMITS, spec: { contract: 'stdio' } },
            'brief-weft': { wasm: weft, limits: BRIEF },
            'brief-stdio': { wasm: stdio, limits: BRIEF, spec: { contract: 'stdio' } },
          },
          merge,
        );
        assert.equal(deployed?.type, 'deployed', JSON.stringify(deployed));
      });

      for (const [letter, what, expected] of [...CRASHES, ...OF_WEFT])
        test(`and ${what}`, () => crash(letter === 's' ? 'brief-weft' : 'weft', letter, expected));

      test('and streams without end', async () => {
        const exchange = engine.send('weft', 'S');
        const { status, bytes } = await exchange.reply;
        assert.deepEqual([status, exchange.aborted], [200, true]);
        assert.ok(bytes.length <= MiB);
        assert.ok(engine.takeLogs().some(({ text }) => text.startsWith('WEFT_RESPONSE_TOO_LARGE: ')));
      });

      if (merge.length === 0)
        for (const [letter, what, expected, ofStdio] of CRASHES)
          test(`and ${what}, as a program with main`, () => crash(letter === 's' ? 'brief-stdio' : 'stdio', letter, ofStdio ?? expected));
    });
  }

  test('and asks for what it was not granted', async () => {
    const fetching = await compiled(`
      #include <weft/v1.h>
      #include <string.h>
      int weft_handle(weft_request *request, weft_response *response) {
        size_t length;
        const weft_fetch_request ask = {.url = weft_request_body(request, &length)};
        weft_fetch_response got;
        const char *text = weft_error_text(weft_fetch(&ask, &got));
        return weft_response_write(response, text, strlen(text));
      }`);
    const refused = await engine.deploy({ fetching: { wasm: fetching } });
    assert.equal(refused?.type === 'refused' && refused.error.code, 'WEFT_MODULE_REFUSED');
    await engine.deploy({ fetching: { wasm: fetching, spec: { origins: ['http://127.0.0.1:9'] } } });
    const denied = (await engine.call('fetching', 'http://127.0.0.1:10/\0')).body;
    for (const url of [
      'http://127.0.0.1/\0',
      'https://127.0.0.1:9/\0',
      'http://user@localhost:9/\0',
      'http://127.0.0.1:9@example.org/\0',
      'file:///etc/passwd\0',
    ])
      assert.equal((await engine.call('fetching', url)).body, denied, url);
    assert.notEqual((await engine.call('fetching', 'http://127.0.0.1:9/\0')).body, denied);
  });
});
