/** What contract stdio tells a driver about programs outside: environment, standard input, and what their end means. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { ProgramCall, ProgramEnd } from '../../src/drivers/wire.ts';
import { type Answer, Failure, type Input, type Outcome } from '../../src/engine/contract.ts';
import { http } from '../../src/contracts/http.ts';
import { stdioWire } from '../../src/contracts/stdio/wire.ts';
import { type FunctionSettings, STDIO_MODES, type StdioMode, type StdioOptions } from '../../src/model/app.ts';
import { WeftError } from '../../src/model/errors.ts';
import { DEFAULT_LIMITS } from '../../src/model/limits.ts';
import { options } from './programs.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (given: Uint8Array | undefined): string => Buffer.from(given ?? []).toString();

function spec(mode: StdioMode, given: Partial<StdioOptions> = {}): FunctionSettings {
  return {
    name: 'prog',
    contract: 'stdio',
    isolation: { kind: 'context' },
    rollback: 'request',
    limits: DEFAULT_LIMITS,
    env: { OWN: 'mine' },
    secrets: {},
    args: [],
    origins: [],
    idleMs: 0,
    warm: 0,
    stdio: options(mode, given),
  };
}

const INPUT: Input = {
  head: bytes('PUT /a?b=c HTTP/1.1\r\nX-Tag: t\r\n'),
  body: bytes('body'),
  method: 'PUT',
  path: '/a',
  query: 'b=c',
};

/** It began in 1970, and 1.5 ms. */
const CALL: ProgramCall = { id: 'call-1', startedAt: 1.5 - performance.timeOrigin };

function end(given: Partial<ProgramEnd> = {}): ProgramEnd {
  return { ...CALL, ms: 1234.5678, exitCode: 0, signal: undefined, stdout: bytes('out'), stderr: bytes(''), ...given };
}

function failed(outcome: Outcome): { reason: string; answer: Answer } {
  assert.ok(outcome instanceof Failure && outcome.answer);
  return { reason: outcome.reason, answer: outcome.answer };
}

suite('the wire of contract stdio', () => {
  test('the hot formats of IronFunctions live on; all other programs are run for each request', () => {
    const lives = STDIO_MODES.map((mode) => [mode, stdioWire.life(spec(mode))]);
    assert.deepEqual(
      lives.filter(([, life]) => life === 'hot').map(([mode]) => mode),
      ['iron-http', 'iron-json'],
    );
  });

  test('the environment of a life is what is known before its first request', () => {
    assert.deepEqual(stdioWire.lifeEnv(spec('iron-http')), { OWN: 'mine', FN_FORMAT: 'http' });
    assert.deepEqual(stdioWire.lifeEnv(spec('iron-json')), { OWN: 'mine', FN_FORMAT: 'json' });
    assert.deepEqual(
      { ...stdioWire.env(spec('serializing'), INPUT, CALL) },
      {
        Http_Method: 'PUT',
        Http_Path: '/a',
        Http_Query: 'b=c',
        Http_X_Call_Id: 'call-1',
        Http_X_Start_Time: '1500000',
        Http_X_Tag: 't',
        OWN: 'mine',
      },
    );
  });

  test('a request of a hot program carries the id of its call', () => {
    assert.match(text(stdioWire.stdin(spec('iron-http'), INPUT, CALL)), /\r\nTask-Id: call-1\r\n\r\nbody$/);
  });

  test('only streaming goes out while it is printed, and only a classic program joins its errors', () => {
    assert.deepEqual(
      STDIO_MODES.filter((mode) => stdioWire.streamHead(spec(mode), INPUT, CALL) !== undefined),
      ['streaming'],
    );
    assert.deepEqual(
      STDIO_MODES.filter((mode) => stdioWire.joinsErrors(spec(mode, { combineOutput: true }))),
      ['classic'],
    );
    assert.equal(stdioWire.joinsErrors(spec('classic')), false);
  });

  test('a signal: plain programs crash, all others end as their platform says', () => {
    const crash = end({ exitCode: 0, signal: 'SIGSEGV', stderr: bytes('line one\nlast line\n') });
    assert.throws(
      () => stdioWire.answer(spec('plain'), INPUT, crash),
      (error) =>
        error instanceof WeftError &&
        error.code === 'WEFT_FUNCTION_CRASHED' &&
        /segmentation fault.*line one\nlast line/s.test(error.message),
    );
    const classic = failed(stdioWire.answer(spec('classic'), INPUT, crash)).answer;
    assert.deepEqual([classic.status, text(classic.body)], [500, 'signal: segmentation fault\nout']);
    const serializing = failed(stdioWire.answer(spec('serializing'), INPUT, crash)).answer;
    assert.deepEqual([serializing.status, text(serializing.body)], [500, 'signal: segmentation fault']);
    const iron = failed(stdioWire.answer(spec('iron'), INPUT, crash)).answer;
    assert.deepEqual([iron.status, text(iron.body)], [500, '{"request_id":"call-1","error":{"message":"exit code 139"}}']);
    const killed = failed(stdioWire.answer(spec('iron'), INPUT, end({ signal: 'SIGKILL' }))).answer;
    assert.match(text(killed.body), /out of memory error/);
  });

  test('seconds have six decimals', () => {
    const answer = stdioWire.answer(spec('classic'), INPUT, end()) as Answer; // it ended well
    assert.match(text(answer.head), /X-Duration-Seconds: 1\.234568\r\n$/);
  });

  test('an exit code behind a whole answer of a hot program does not count', () => {
    const stdout = bytes('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const answer = stdioWire.answer(spec('iron-http'), INPUT, end({ stdout, exitCode: 1 })) as Answer; // likewise
    assert.deepEqual([answer.status, text(answer.body)], [200, 'ok']);
  });
});

const body = fc.uint8Array({ maxLength: 40 }).map((all) => Buffer.from(all));

const fixed = body.map((all) => Buffer.concat([bytes(`HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: ${all.length}\r\n\r\n`), all]));
const chunked = fc
  .array(
    body.filter((piece) => piece.length > 0),
    { maxLength: 4 },
  )
  .map((pieces) =>
    Buffer.concat([
      bytes('HTTP/1.1 200\r\ntransfer-encoding: Chunked\r\n\r\n'),
      ...pieces.flatMap((piece) => [bytes(`${piece.length.toString(16)}\r\n`), piece, bytes('\r\n')]),
      bytes('0\r\n\r\n'),
    ]),
  );
/** Without a body, whatever their fields say. */
const bodiless = fc
  .constantFrom('204 No Content\r\n\r\n', '204\r\nTransfer-Encoding: chunked\r\n\r\n', '304 Not Modified\r\nContent-Length: 9\r\n\r\n')
  .map((rest) => bytes(`HTTP/1.1 ${rest}`));
const announced = fc
  .tuple(
    fc.constantFrom('HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103\r\nLink: a\r\n\r\nHTTP/1.1 100\r\nContent-Length: 3\r\n\r\n'),
    fixed,
  )
  .map(([before, answer]) => Buffer.concat([bytes(before), answer]));
const json = fc
  .record({ body: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()), headers: fc.dictionary(fc.string(), fc.string()) })
  .map((value) => Buffer.from(JSON.stringify(value)));

suite('where the answer of a hot program ends', () => {
  for (const [mode, answers] of [
    ['iron-http', fc.oneof(fixed, chunked, bodiless, announced)],
    ['iron-json', json],
  ] as const) {
    test(`${mode}: at its last byte, however it arrives and whatever follows`, () => {
      const whole = (printed: Uint8Array): number | undefined => stdioWire.answerEnd?.(spec(mode))?.(printed);
      fc.assert(
        fc.property(answers, fc.nat(), fc.constantFrom('', '\n', 'HTTP/1.1 200', '{"body"'), (answer, at, next) => {
          const cut = at % answer.length;
          assert.equal(whole(answer.subarray(0, cut)), undefined);
          // A line feed separates objects.
          const separator = mode === 'iron-json' && next === '\n' ? 1 : 0;
          assert.equal(whole(Buffer.concat([answer, bytes(next)])), answer.length + separator);
        }),
      );
    });
  }

  const REFUSED: readonly (readonly [StdioMode, string, RegExp])[] = [
    ['iron-http', 'Hello', /no HTTP answer/],
    ['iron-http', 'HTTP/2 200 OK\r\n', /no HTTP answer/],
    ['iron-http', 'HTTP/1.1 okay\r\n', /no HTTP answer/],
    ['iron-http', 'HTTP/1.1 200 OK\r\n\r\n', /neither/],
    ['iron-http', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', /neither/],
    ['iron-http', 'HTTP/1.1 100\r\n\r\n'.repeat(5000), /more than 65536 bytes/],
    ['iron-http', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', /no number/],
    ['iron-http', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', /no number/],
    ['iron-http', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n', /no name/],
    ['iron-http', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n', /not known/],
    ['iron-http', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', /no size/],
    ['iron-http', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n', /longer than it says/],
    ['iron-http', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`, /more than 65536 bytes/],
    ['iron-json', '[]', /no JSON object/],
  ];
  for (const [mode, printed, reason] of REFUSED) {
    test(`${mode}: ${JSON.stringify(printed.slice(0, 60))} is none`, () => {
      assert.throws(() => stdioWire.answerEnd?.(spec(mode))?.(bytes(printed)), reason);
    });
  }
});

suite('a server that of-watchdog ran', () => {
  const CALL = { id: 'call-1', deadlineAt: 0, startedAt: 0 };
  const served = (deadlineMs: number, mode = 'http'): FunctionSettings => ({
    ...spec('plain'),
    contract: 'http',
    isolation: {
      kind: 'process',
      sandbox: 'strict',
      network: 'none',
      mounts: [],
      workDir: '/',
      resources: { processes: 1, cpus: 0, openFiles: 16, instances: 1 },
    },
    env: { mode },
    limits: { ...DEFAULT_LIMITS, deadlineMs },
  });
  const timeout = (settings: FunctionSettings): string | undefined =>
    http.ask(settings, INPUT, CALL).more?.find(([name]) => name === 'X-Timeout')?.[1];

  test('is told its time, and its answer how long it took; no other server is', () => {
    assert.deepEqual(
      [300, 30_000, 90_000, 3_661_500].map((ms) => timeout(served(ms))),
      ['300ms', '30s', '1m30s', '1h1m1.5s'],
    );
    assert.equal(timeout(served(30_000, '')), undefined);
    const heads = ['http', ''].map((mode) => http.answer(served(1, mode), { status: 200, headers: [['X-A', 'b']] }, CALL));
    const [with_, without] = heads.map((answer) => (answer.kind === 'pass' ? text(answer.head) : ''));
    assert.match(with_ ?? '', /^X-A: b\r\nX-Duration-Seconds: \d+\.\d{6}\r\n$/);
    assert.equal(without, 'X-A: b\r\n');
  });
});

test('an answer in very many chunks is not looked through again and again', () => {
  const end = stdioWire.answerEnd?.(spec('iron-http')) ?? assert.fail('it finds no ends');
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const whole = bytes(`${head}${'1\r\nx\r\n'.repeat(100_000)}0\r\n\r\n`);
  // Every piece anew: from the start each time it would be ten thousand million bytes.
  for (let length = 1; length < whole.length; length += 6) assert.equal(end(whole.subarray(0, length)), undefined);
  assert.equal(end(whole), whole.length);
});

test('an answer cut anywhere has the same end', () => {
  for (const [mode, text] of [
    ['iron-http', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\na\r\n0123456789\r\n0\r\nA: b\r\n\r\n'],
    ['iron-http', '\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc'],
    ['iron-json', ' {"body": "a \\"quoted\\" } brace \\\\", "headers": {}}\n'],
  ] as const) {
    const printed = bytes(text);
    for (let cut = 1; cut < printed.length; cut++) {
      const end = stdioWire.answerEnd?.(spec(mode)) ?? assert.fail('it finds no ends');
      const early = end(printed.subarray(0, cut));
      assert.ok(early === undefined || (mode === 'iron-json' && cut === printed.length - 1), `${mode} ${cut}`);
      assert.equal(end(printed), printed.length, `${mode} ${cut}`);
    }
  }
});
