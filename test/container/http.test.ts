import assert from 'node:assert/strict';
import { suite } from 'node:test';
import { DEFAULT_LIMITS } from '../../src/model/limits.ts';
import { testsWithEngine } from './engine.ts';
import { codeOf, CollectingStream, eventually, hostOf, TestDriver } from './harness.ts';

const { engine, test } = await testsWithEngine();

suite('an image that answers HTTP', () => {
  test('gets requests at the port it is told, and its answers are passed on', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', { port: 9000 });
    const { status, head, body } = await it.ask({ text: 'hello', method: 'PUT', path: '/some' });
    assert.deepEqual([status, body], [200, 'hello']);
    assert.match(head, /X-Method: PUT/);
    assert.deepEqual([it.coldStarts, it.live], [1, 1]);
  });

  test('listens on 8080 when nothing is said', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', {});
    assert.equal((await it.ask({ text: 'usual' })).body, 'usual');
  });

  test('is limited, and keeps the user and the root that it was built with', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', {}, { env: { GIVEN: 'yes' }, secrets: { token: 'secret!' } });
    const { body } = await it.ask({ path: '/facts' });
    const facts = body.split('\n');
    for (const fact of [
      'uid 0',
      'nofile 350',
      'root writable',
      'CapBnd:\t0000000000000000',
      'NoNewPrivs:\t1',
      'env GIVEN=yes',
      'env GREETING=hello',
    ])
      assert.ok(facts.includes(fact), `${fact} in ${body}`);
    assert.equal((await it.ask({ path: '/file/var/openfaas/secrets/token' })).body, 'secret!');
    const [container] = await engine.containers();
    const { HostConfig } = (await engine.api('GET', `/containers/${container?.Id}/json`)) as { HostConfig: Record<string, unknown> };
    const { Memory, MemorySwap, PidsLimit, Init } = HostConfig;
    assert.deepEqual(
      { Memory, MemorySwap, PidsLimit, Init },
      { Memory: 64 * 2 ** 20, MemorySwap: 64 * 2 ** 20, PidsLimit: 50, Init: true },
    );
  });

  test("is marked as Weft's, with its app, function and version", async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', {}, { warm: 1 });
    const [container] = await engine.containers();
    assert.deepEqual(
      [container?.Labels['weft.app'], container?.Labels['weft.function'], container?.Labels['weft.version']],
      ['tests', 'it', '1'],
    );
    assert.equal(it.live, 1);
    assert.equal(it.coldStarts, 0);
  });

  test('serves requests at once in one container', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', {}, { warm: 1 });
    const since = performance.now();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => it.ask({ path: '/pause', text: `${i}` })));
    assert.deepEqual(
      answers.map(({ body }) => body),
      Array.from({ length: 20 }, (_, i) => `${i}`),
    );
    assert.equal(new Set(answers.map(hostOf)).size, 1);
    assert.ok(performance.now() - since < 20 * 300, 'one after the other');
  });

  test('is waited for until it listens, and until its health path answers', async () => {
    await using driver = new TestDriver(engine.env);
    const late = await driver.open('http', {}, { env: { LATE_MS: '300' } });
    assert.equal((await late.ask({ text: 'there' })).body, 'there');
    const sick = await driver.open('http', { resources: { healthPath: '/file/not-there' } });
    assert.equal(await codeOf(sick.ask({ ms: 1500 })), 'WEFT_DEADLINE');
  });

  test('that crashes in the middle of a request answers 502 with the reason and its last words, and the next request works', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', {});
    for (const [path, reason] of [
      ['/crash', /SIGSEGV \(exit code 139\).*\nabout to crash/s],
      ['/exit', /exit code 3.*\nno more/s],
      ['/eat', /out of memory/],
    ] as const) {
      await assert.rejects(it.ask({ path }), (error: Error) => {
        assert.match(error.message, reason);
        return 'code' in error && error.code === 'WEFT_FUNCTION_CRASHED';
      });
      assert.equal((await it.ask({ text: 'again' })).body, 'again');
    }
    await eventually(async () => (await engine.containers()).length === 1);
  });

  test('that exits at once is reported with its exit code and last words', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', { command: ['filter', 'exit', '7'] });
    await assert.rejects(it.ask(), /did not start: it ended: exit code 7.*a reason/s);
    assert.equal(await codeOf(driver.open('http', { command: ['filter', 'exit', '7'] }, { warm: 1 })), 'WEFT_START_FAILED');
    assert.equal(await codeOf(driver.open('http', { command: ['no', 'such'] }, { warm: 1 })), 'WEFT_START_FAILED');
  });

  test('misses its deadline alone: others of its container are answered', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', {}, { warm: 1 });
    const [late, answer] = await Promise.all([codeOf(it.ask({ path: '/hang', ms: 500 })), it.ask({ path: '/pause', text: 'fine' })]);
    assert.deepEqual([late, answer.body, it.coldStarts], ['WEFT_DEADLINE', 'fine', 0]);
  });

  test('streams a long answer, within its limit, and waits for a slow client', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', {}, { warm: 1, limits: { ...DEFAULT_LIMITS, responseBytes: 400 * 65_536 } });
    const stream = new CollectingStream();
    const streaming = it.ask({ path: '/stream/400', stream });
    await eventually(() => stream.waits);
    assert.ok(stream.bytes < 400 * 65_536);
    stream.drain();
    await streaming;
    assert.deepEqual([stream.status, stream.bytes], [200, 400 * 65_536]);
    const unread = new CollectingStream();
    unread.drain();
    for (const more of [{}, { stream: unread }])
      assert.equal(await codeOf(it.ask({ path: '/stream/401', ...more })), 'WEFT_RESPONSE_TOO_LARGE');
  });

  test('writes to its log by what it prints', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', {});
    await it.ask({ path: '/log' });
    await eventually(() => it.log.includes('info: printed') && it.log.includes('error: complained'));
  });

  test('that floods its log waits: it is read in portions, and its last words are known', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', {}, { warm: 1 });
    await it.ask({ path: '/flood/10000000' });
    await assert.rejects(it.ask({ path: '/exit' }), /exit code 3.*flooded\nno more/s);
    const portions = it.log.filter((line) => line === 'warn: log lines were dropped: too many at once').length;
    assert.ok(portions >= 8 && it.log.length <= 1001 * (portions + 1), `${portions} portions, ${it.log.length} lines`);
  });

  test('is frozen when idle, and goes on for the next request', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', { freezeMs: 20 }, { warm: 1 });
    for (const text of ['one', 'two']) {
      await eventually(async () => (await engine.containers())[0]?.State === 'paused');
      assert.equal((await it.ask({ text })).body, text);
    }
    // Those that come together wake it once, and are all answered by it.
    await eventually(async () => (await engine.containers())[0]?.State === 'paused');
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => it.ask({ text: `${i}` })));
    assert.deepEqual([answers.map(({ body }) => body), it.coldStarts], [['0', '1', '2', '3', '4', '5', '6', '7'], 0]);
    await it.driven?.scale(0);
    await eventually(async () => (await engine.containers()).length === 0);
  });

  test('is stopped when nobody asked for it for its idle time', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', {}, { idleMs: 200 });
    assert.equal((await it.ask({ text: 'first' })).body, 'first');
    await eventually(async () => it.live === 0 && (await engine.containers()).length === 0);
    assert.equal((await it.ask({ text: 'back' })).body, 'back');
  });

  test('is started again when one that is kept ready dies', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', {}, { warm: 1 });
    const [first] = await engine.containers();
    await engine.api('POST', `/containers/${first?.Id}/kill`);
    await eventually(
      async () => it.live === 1 && (await engine.containers()).every(({ Id, State }) => Id !== first?.Id && State === 'running'),
    );
    assert.equal(it.coldStarts, 0);
  });

  test('is gone with its function', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('http', {}, { warm: 3 });
    assert.equal((await engine.containers()).length, 3);
    await it.driven?.close();
    assert.deepEqual([it.live, (await engine.containers()).length], [0, 0]);
  });

  test('cannot be reached with network none, which is refused', async () => {
    await using driver = new TestDriver(engine.env);
    assert.equal(await codeOf(driver.open('http', { network: 'none' })), 'WEFT_MODULE_REFUSED');
  });
});
