/** Functions that are HTTP servers in a process of their own. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { TestExchange, type Reply, type TestEngine } from '../engine/harness.ts';
import { cannotRun, eventually, processFunction, Workbench } from './harness.ts';

/** Takes nothing more after the first piece, until it is told to. */
class SlowExchange extends TestExchange {
  stalled = false;
  goOn: () => void = () => {};
  readonly #going = new Promise<void>((resolve) => {
    this.goOn = resolve;
  });

  constructor(target: string) {
    super('', target);
  }

  override write(piece: Uint8Array): boolean {
    super.write(piece);
    this.stalled = true;
    return false;
  }

  override drained(): Promise<void> {
    return this.#going;
  }
}

/** Among the arguments of a program. */
const MARK = 'servers-test-mute';

function runs(argument: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(argument);
    } catch {
      return false;
    }
  });
}

suite('servers', { skip: cannotRun() }, () => {
  let bench: Workbench;
  let engine: TestEngine;
  before(async () => {
    bench = await Workbench.open();
    engine = await bench.engine();
    const program = await bench.build('server');
    const http = { contract: 'http', warm: 1 } as const;
    const outcome = await engine.deploy({
      told: processFunction({ program, spec: http, limits: { deadlineMs: 2000 } }),
      fixed: processFunction({ program, spec: { ...http, args: ['port', '9000'] }, isolation: { listen: { kind: 'port', port: 9000 } } }),
      unix: processFunction({
        program,
        spec: { ...http, args: ['unix', '/srv/own.sock'] },
        isolation: { listen: { kind: 'unix', path: '/srv/own.sock' } },
      }),
      narrow: processFunction({
        program,
        spec: { ...http, args: ['narrow', '/srv/own.sock'] },
        isolation: { listen: { kind: 'unix', path: '/srv/own.sock' } },
        resources: { instances: 1 },
        limits: { deadlineMs: 10_000 },
      }),
      online: processFunction({ program, spec: http, isolation: { network: 'host' } }),
      alone: processFunction({ program, spec: http, limits: { deadlineMs: 5000 }, resources: { instances: 1 } }),
      watched: processFunction({ program, spec: http, resources: { healthPath: '/health' } }),
    });
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  });
  after(async () => {
    await engine.close();
    await bench[Symbol.asyncDispose]();
  });

  const ask = (name: string, path: string, body = ''): Promise<Reply> => {
    const route = engine.thread.route(name);
    assert.ok(route);
    const exchange = new TestExchange(body, path);
    engine.thread.dispatch(route, exchange);
    return exchange.reply;
  };

  for (const name of ['told', 'fixed', 'unix', 'online', 'watched']) {
    test(`${name}: answers, large bodies too, and many at once`, async () => {
      assert.equal((await ask(name, '/echo', 'hello')).body, 'hello');
      const large = 'x'.repeat(5_000_000);
      assert.ok((await ask(name, '/echo', large)).body === large);
      const replies = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(name, '/echo', String(n))));
      assert.deepEqual(
        replies.map(({ body }) => body),
        Array.from({ length: 50 }, (_, n) => String(n)),
      );
    });
  }

  for (const name of ['told', 'unix', 'online']) {
    test(`${name}: an answer before the end of the request arrives, though the server reads no more of it`, async () => {
      const large = 'x'.repeat(5_000_000);
      for (let i = 0; i < 10; i += 1) {
        const { status, body } = await ask(name, '/early', large);
        assert.deepEqual([status, body], [413, 'too large\n']);
      }
    });
  }

  for (const name of ['told', 'unix', 'online']) {
    test(`${name}: the last answer of a server that ends with it is whole`, async () => {
      for (let i = 0; i < 3; i += 1) {
        const { status, bytes } = await ask(name, '/last');
        assert.deepEqual([status, bytes.length], [200, 8_000_000]);
        // Until it is known that the server is gone, requests may still come to it.
        await eventually(async () => (await ask(name, '/echo', 'again')).body === 'again');
      }
    });
  }

  test('an answer of unknown length is passed on as it comes', async () => {
    const { status, bytes } = await ask('unix', '/stream');
    assert.equal(status, 200);
    assert.equal(bytes.length, 640 * 0x4000);
  });

  test('slow requests do not hold up others', async () => {
    const pid = (await ask('unix', '/pid')).body;
    const slow = ask('unix', '/slow');
    assert.equal((await ask('unix', '/pid')).body, pid);
    assert.equal((await slow).body, 'slow\n');
  });

  test('requests that find the backlog full wait for room in it', async () => {
    const pid = (await ask('narrow', '/pid')).body;
    const replies = await Promise.all(Array.from({ length: 12 }, () => ask('narrow', '/pid')));
    assert.deepEqual(
      replies.map(({ body }) => body),
      replies.map(() => pid),
    );
  });

  test('a server that crashes in the middle of a request is a 502 with the signal and its last words; the next request is served', async () => {
    const { status, body } = await ask('told', '/crash');
    assert.equal(status, 502, body);
    assert.match(body, /WEFT_FUNCTION_CRASHED.*SIGSEGV.*the server is about to crash/);
    assert.equal((await ask('told', '/echo', 'again')).body, 'again');
  });

  test('a server that lives on after one of its processes needed too much memory, and then crashes, crashed', async () => {
    const program = await bench.build('server');
    const spec = { contract: 'http', warm: 1 } as const;
    const fn = processFunction({ program, spec, limits: { memoryBytes: 32 * 1024 * 1024 } });
    assert.equal((await engine.deploy({ parent: fn }, [], 'parent'))?.type, 'deployed');
    assert.equal((await ask('parent', '/lose-child')).body, 'lost\n');
    const { status, body } = await ask('parent', '/crash');
    assert.equal(status, 502, body);
    assert.match(body, /WEFT_FUNCTION_CRASHED.*SIGSEGV/);
  });

  test('a crash is told with its signal though a slow client has yet to read an answer of before', async () => {
    const route = engine.thread.route('told');
    assert.ok(route);
    const slow = new SlowExchange('/stream');
    engine.thread.dispatch(route, slow);
    await eventually(() => slow.stalled);
    assert.match((await ask('told', '/crash')).body, /WEFT_FUNCTION_CRASHED.*SIGSEGV.*the server is about to crash/);
    slow.goOn();
    await slow.reply;
    assert.ok(slow.aborted);
  });

  test('an answer that breaks off is never passed on as whole', async () => {
    const route = engine.thread.route('unix');
    assert.ok(route);
    const exchange = new TestExchange('', '/half');
    engine.thread.dispatch(route, exchange);
    const { body } = await exchange.reply;
    assert.ok(exchange.aborted || body.includes('WEFT_FUNCTION_CRASHED'), body);
    assert.equal((await ask('unix', '/echo', 'again')).body, 'again');
  });

  test('a server that answers nobody until a deadline is replaced', async () => {
    const { status } = await ask('told', '/hang');
    assert.equal(status, 504);
    assert.equal((await ask('told', '/echo', 'again')).body, 'again');
  });

  test('a server that ends is started again without being asked', async () => {
    const before = Number((await ask('online', '/pid')).body);
    assert.ok(before > 0);
    const crash = await ask('online', '/crash');
    assert.equal(crash.status, 502);
    await eventually(() => engine.thread.metrics().functions.find((each) => each.function === 'online')?.contextsLive === 1);
  });

  test('a request that comes while the only instance is being ended gets the next one', async () => {
    assert.equal((await ask('alone', '/slow-term')).body, 'slowly\n');
    assert.equal((await ask('alone', '/sicken')).body, 'sick\n');
    engine.thread.scale('alone', 0);
    assert.equal((await ask('alone', '/health')).body, 'well\n');
  });

  test('a server that reports itself sick is replaced', { timeout: 60_000 }, async () => {
    engine.takeLogs();
    assert.equal((await ask('watched', '/sicken')).body, 'sick\n');
    const said: string[] = [];
    await eventually(() => {
      said.push(...engine.takeLogs().map(({ text }) => text));
      return said.some((text) => text.includes('GET /health failed 3 times'));
    });
    assert.equal((await ask('watched', '/health')).body, 'well\n');
  });

  test('a server that does not come up refuses the deploy with its last words', async () => {
    const fn = processFunction({ program: await bench.build('server'), spec: { contract: 'http', warm: 1, args: ['fail'] } });
    const outcome = await engine.deploy({ fn }, [], 'refused');
    assert.equal(outcome?.type, 'refused');
    assert.match(JSON.stringify(outcome), /WEFT_START_FAILED.*exited with 9.*there is no such thing as the configuration/);
  });

  test('a server that has yet to come up when its function is removed is ended then', { timeout: 20_000 }, async () => {
    const fn = processFunction({
      program: await bench.build('server'),
      spec: { contract: 'http', args: ['mute', MARK] },
      limits: { deadlineMs: 500 },
    });
    assert.equal((await engine.deploy({ mute: fn }, [], 'mute'))?.type, 'deployed');
    assert.equal((await ask('mute', '/echo')).status, 504);
    assert.ok(runs(MARK), 'it may yet come up');
    engine.thread.remove('mute');
    await eventually(() => engine.messages.some((m) => m.type === 'retired' && m.app === 'mute'));
    assert.ok(!runs(MARK));
  });

  test('a new version ends the server of the one before; one that does not listen to SIGTERM, too', { timeout: 30_000 }, async () => {
    const program = await bench.build('server');
    const fn = processFunction({ program, spec: { contract: 'http', warm: 1 } });
    assert.equal((await engine.deploy({ drained: fn }, [], 'drained'))?.type, 'deployed');
    const slow = ask('drained', '/slow');
    assert.equal((await engine.deploy({ drained: fn }, [], 'drained'))?.type, 'deployed');
    assert.equal((await slow).body, 'slow\n', 'what was under way ends in the version it began in');
    assert.equal((await ask('drained', '/ignore-term')).body, 'ignored\n');
    engine.thread.remove('drained');
    await eventually(() => engine.messages.filter((m) => m.type === 'retired' && m.app === 'drained').length === 2);
  });

  test('a request whose body was on its way while a version was deployed is served by that one, by none when it was removed', async () => {
    const program = await bench.build('server');
    const deploy = (requestBytes: number): Promise<unknown> =>
      engine.deploy({ moved: processFunction({ program, spec: { contract: 'http', warm: 1 }, limits: { requestBytes } }) }, [], 'moved');
    await deploy(100);
    const found = engine.thread.route('moved');
    assert.ok(found);
    const arrive = (body: string): Promise<Reply> => {
      const exchange = new TestExchange(body, '/echo');
      engine.thread.dispatch(found, exchange);
      return exchange.reply;
    };
    // While the old server is being ended, and when it is gone.
    await ask('moved', '/slow-term');
    await deploy(10);
    assert.deepEqual((await arrive('meanwhile')).body, 'meanwhile');
    await eventually(() => engine.messages.some((m) => m.type === 'retired' && m.app === 'moved'));
    assert.deepEqual((await arrive('later')).body, 'later');
    const tooLarge = await arrive('more than ten bytes');
    assert.equal(tooLarge.status, 413, tooLarge.body);
    engine.thread.remove('moved');
    const gone = await arrive('removed');
    assert.equal(gone.status, 404, gone.body);
    assert.match(gone.body, /WEFT_FUNCTION_NOT_FOUND/);
  });

  test('a request that comes while all of it is being stopped is refused at once', async () => {
    const stopped = await bench.engine();
    const fn = processFunction({
      program: await bench.build('server'),
      spec: { contract: 'http', warm: 1 },
      limits: { deadlineMs: 10_000 },
    });
    await stopped.deploy({ fn });
    const route = stopped.thread.route('fn');
    assert.ok(route);
    const arrive = (path: string): Promise<Reply> => {
      const exchange = new TestExchange('', path);
      stopped.thread.dispatch(route, exchange);
      return exchange.reply;
    };
    await arrive('/slow-term');
    const closed = stopped.close();
    const { status, body } = await arrive('/echo');
    await closed;
    assert.equal(status, 502, body);
    assert.match(body, /it is being stopped/);
  });
});
