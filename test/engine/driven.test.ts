/** Functions that a driver runs, as the engine sees them: admitted, timed, counted, answered; the driver here is a few lines. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CALL_ERROR } from '../../src/engine/abi.ts';
import { Failure } from '../../src/engine/contract.ts';
import {
  type CallOutcome,
  type Driven,
  type DrivenHost,
  type DrivenRequest,
  type DrivenSource,
  type Driver,
  promised,
  STREAMED,
} from '../../src/engine/driver.ts';
import { WeftError } from '../../src/model/errors.ts';
import { TestEngine, type TestFunction } from './harness.ts';

type Behaviour = (request: DrivenRequest, host: DrivenHost) => ReturnType<Parameters<typeof promised>[0]>;

const bytes = (text: string): Uint8Array => Buffer.from(text);
const says = (text: string) => ({ status: 200, head: bytes('Content-Type: text/plain\r\n'), body: bytes(text) });
const until = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
const call = (host: DrivenHost, request: DrivenRequest, name: string, body: Uint8Array): Promise<CallOutcome> =>
  new Promise((resolve) => host.call(request, name, body, resolve));
const told = ({ error, status, body }: CallOutcome) => says(`${error} ${status} ${Buffer.from(body).toString()}`);

const answerGone = {
  status: 200,
  head: bytes(''),
  get body(): Uint8Array {
    throw new TypeError('an answer that cannot be read');
  },
};

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  echo: async ({ input }) => ({ ...says(''), body: input.body }),
  waits: ({ ending }) => until(ending.signal),
  'hears-nothing': () => new Promise(() => {}),
  fails: async () => new Failure('as it was told to'),
  crashes: async () => {
    throw new WeftError('WEFT_FUNCTION_CRASHED', { name: 'crashes', reason: 'SIGSEGV' });
  },
  breaks: async () => {
    throw new TypeError('a mistake of the driver');
  },
  unreadable: async () => answerGone,
  large: async () => ({ ...says(''), body: new Uint8Array(2000) }),
  streams: async ({ stream }) => {
    stream?.begin(201, bytes(''));
    for (const piece of ['a', 'b', 'c']) if (!stream?.write(bytes(piece))) await stream?.drained();
    return STREAMED;
  },
  'breaks-off': async ({ stream }) => {
    stream?.begin(200, bytes(''));
    stream?.write(bytes('half'));
    throw new WeftError('WEFT_FUNCTION_CRASHED', { name: 'breaks-off', reason: 'SIGKILL' });
  },
  'calls-echo': async (request, host) => told(await call(host, request, 'echo', request.input.body)),
  'calls-nobody': async (request, host) => told(await call(host, request, 'nobody', request.input.body)),
  'calls-itself': async (request, host) => told(await call(host, request, 'calls-itself', request.input.body)),
  'calls-crash': async (request, host) => told(await call(host, request, 'crashes', request.input.body)),
};

class TestDriver implements Driver {
  readonly closed: string[] = [];
  readonly scaled: [string, number][] = [];

  async open({ spec, version }: DrivenSource, host: DrivenHost): Promise<Driven> {
    const behaviour = BEHAVIOURS[spec.name];
    if (!behaviour) throw new WeftError('WEFT_MODULE_REFUSED', { name: spec.name, reason: 'there is no such behaviour' });
    host.instances(1);
    return {
      run: promised((request) => behaviour(request, host)),
      scale: async (instances) => void this.scaled.push([spec.name, instances]),
      close: async () => void this.closed.push(`${spec.name} ${version}`),
    };
  }

  async close(): Promise<void> {}
}

const driven = (limits: TestFunction['limits'] = {}): TestFunction => ({
  spec: {
    contract: 'http',
    isolation: {
      kind: 'process',
      sandbox: 'strict',
      network: 'none',
      mounts: [],
      workDir: '/',
      resources: { processes: 1, cpus: 0, openFiles: 64, instances: 1 },
    },
  },
  limits,
});

suite('a function that a driver runs', () => {
  const driver = new TestDriver();
  const functions = Object.fromEntries(Object.keys(BEHAVIOURS).map((name) => [name, driven({ responseBytes: 1000, callDepth: 5 })]));
  let engine: TestEngine;
  before(async () => {
    engine = await TestEngine.start({ drivers: { process: driver, container: driver } });
    const outcome = await engine.deploy({
      ...functions,
      waits: driven({ deadlineMs: 50 }),
      'hears-nothing': driven({ deadlineMs: 50 }),
      echo: driven({ concurrency: 2, requestBytes: 100 }),
    });
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  });
  after(() => engine.close());

  const answers: readonly (readonly [name: string, status: number, body: RegExp])[] = [
    ['echo', 200, /^hello$/],
    ['waits', 504, /WEFT_DEADLINE/],
    ['hears-nothing', 504, /WEFT_DEADLINE/],
    ['fails', 500, /WEFT_FUNCTION_FAILED.*as it was told to/],
    ['crashes', 502, /WEFT_FUNCTION_CRASHED.*SIGSEGV/],
    ['breaks', 500, /WEFT_INTERNAL.*a mistake of the driver/],
    ['large', 500, /WEFT_RESPONSE_TOO_LARGE/],
    ['streams', 201, /^abc$/],
    ['calls-echo', 200, /^0 200 hello$/],
    ['calls-nobody', 200, new RegExp(`^${CALL_ERROR.notFound} 404 $`)],
    ['calls-itself', 200, new RegExp(`^(0 200 ){4}${CALL_ERROR.depth} 500 $`)],
    ['calls-crash', 200, new RegExp(`^${CALL_ERROR.trapped} 502 $`)],
  ];
  for (const [name, status, body] of answers) {
    test(`${name}: ${status}`, async () => {
      const reply = await engine.call(name, 'hello');
      assert.equal(reply.status, status);
      assert.match(reply.body, body);
    });
  }

  test('an answer that cannot go on is broken off', async () => {
    const exchange = engine.send('breaks-off', '');
    await exchange.reply;
    assert.ok(exchange.aborted);
  });

  test('work for a client that hung up is ended', async () => {
    const exchange = engine.send('waits', '');
    exchange.onHungUp?.();
    assert.equal((await exchange.reply).status, 499);
  });

  test('an answer that cannot be given is lost alone', async () => {
    const exchange = engine.send('unreadable', '');
    await engine.quiet();
    assert.ok(engine.takeLogs().some(({ text }) => text.includes('an answer that cannot be read')));
    assert.ok(exchange.aborted);
    assert.equal((await engine.call('echo', 'the thread goes on')).body, 'the thread goes on');
  });

  test('requests that wait are counted as memory, and too many are refused', async (t) => {
    const small = await TestEngine.start({ drivers: { process: driver, container: driver }, maxContextBytes: 1000 });
    t.after(() => small.close());
    await small.deploy({ waits: driven({ deadlineMs: 200 }) });
    const waiting = [small.send('waits', new Uint8Array(800)), small.send('waits', new Uint8Array(800))];
    assert.match((await small.call('waits', 'x')).body, /WEFT_EXHAUSTED/);
    for (const { reply } of waiting) assert.equal((await reply).status, 504);
    assert.equal((await small.call('waits', 'x')).status, 504);
  });

  test('what is counted', async () => {
    await sleep(0);
    const metrics = engine.thread.metrics().functions.find((fn) => fn.function === 'crashes');
    assert.deepEqual([metrics?.byStatus, metrics?.calls, metrics?.contextsLive, metrics?.contextsWaiting], [{ 502: 1 }, 1, 1, 0]);
  });

  test('a version that is replaced is closed when its last request is over', async () => {
    const { reply } = engine.send('waits', '');
    await engine.deploy({ echo: driven() });
    assert.ok(!driver.closed.includes('waits 1'));
    await reply;
    await sleep(0);
    assert.ok(driver.closed.includes('waits 1') && driver.closed.includes('echo 1'));
  });

  test('what a driver refuses refuses the version, and what was opened before it is closed', async () => {
    const outcome = await engine.deploy({ echo: driven(), unheard: driven() });
    assert.equal(outcome?.type, 'refused');
    assert.ok(driver.closed.includes('echo 3'));
    assert.equal((await engine.call('echo', 'still')).body, 'still');
  });
});
