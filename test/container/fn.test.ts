import assert from 'node:assert/strict';
import { suite } from 'node:test';
import { DEFAULT_LIMITS } from '../../src/model/limits.ts';
import { testsWithEngine } from './engine.ts';
import { codeOf, eventually, foldersOf, hostOf, TestDriver } from './harness.ts';

const { engine, test } = await testsWithEngine();

const folders = (): Promise<string[]> => foldersOf(process.pid);

suite('an image for Fn', () => {
  test('serves calls on the socket that it makes, over one connection, in one container', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('fn', { command: ['fn', 'well'], network: 'none' });
    const [first, second] = [await it.ask({ text: 'one' }), await it.ask({ text: 'two' })];
    assert.deepEqual([first.status, first.body, second.body], [200, 'one', 'two']);
    assert.equal(hostOf(first), hostOf(second));
    assert.match(second.head, /X-Method: POST\r\nX-Connections: 1/);
  });

  test('gets a new connection after an idle second', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('fn', { command: ['fn', 'well'], network: 'none' });
    await it.ask({ text: 'one' });
    let connections: string | undefined;
    await eventually(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      connections = /X-Connections: (\d+)/.exec((await it.ask({ text: 'two' })).head)?.[1];
      return connections === '2';
    });
  });

  test('runs as Fn runs it: an ordinary user, nothing writable but /tmp, its limits', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('fn', { command: ['fn', 'facts'] }, { env: { FN_LISTENER: 'not this' } });
    // Its answer has another status on purpose of the guest: what it says is in the log of the failure.
    const { body } = await it.ask();
    const facts = body.split('\n');
    for (const fact of [
      'uid 1000',
      'gid 1000',
      'nofile 350',
      'root read-only',
      'tmp writable',
      'CapBnd:\t0000000000000000',
      'NoNewPrivs:\t1',
    ])
      assert.ok(facts.includes(fact), `${fact} in ${body}`);
    assert.ok(facts.includes('env FN_FORMAT=http-stream') && facts.includes('env FN_LISTENER=unix:/tmp/iofs/lsnr.sock'), body);
    const [container] = await engine.containers();
    const { HostConfig } = (await engine.api('GET', `/containers/${container?.Id}/json`)) as { HostConfig: Record<string, unknown> };
    const { Memory, MemorySwap, MemorySwappiness, PidsLimit, Init, Ulimits, LogConfig } = HostConfig;
    assert.deepEqual(
      { Memory, MemorySwap, PidsLimit, Init, LogConfig },
      { Memory: 64 * 2 ** 20, MemorySwap: 64 * 2 ** 20, PidsLimit: 50, Init: true, LogConfig: { Type: 'none', Config: {} } },
    );
    assert.ok(MemorySwappiness === 0 || MemorySwappiness === null);
    assert.deepEqual(
      (Ulimits as { Name: string; Hard: number }[]).map(({ Name, Hard }) => `${Name} ${Hard}`),
      ['nofile 350', 'core 0', 'memlock 65536', 'sigpending 5000', 'msgqueue 819200'],
    );
  });

  test('has one request at a time: those that come together have a container each', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('fn', { command: ['fn', 'well'], resources: { instances: 2 } });
    const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((text) => it.ask({ text })));
    assert.deepEqual(answers.map(({ body }) => body).join(''), 'abcde');
    assert.ok(it.live <= 2);
  });

  test('is frozen soon, and answers the next call all the same', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('fn', { command: ['fn', 'well'] }, { warm: 1 });
    await eventually(async () => (await engine.containers())[0]?.State === 'paused');
    assert.equal((await it.ask({ text: 'awake' })).body, 'awake');
    assert.equal(it.coldStarts, 0);
  });

  test('that answers with a status that means nothing is killed, and the next call has another container', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('fn', { command: ['fn', '500'] }, { warm: 1 });
    const [first] = await engine.containers();
    assert.deepEqual(await it.ask(), { status: 502, head: '', body: '500' });
    await eventually(async () => (await engine.containers()).every(({ Id }) => Id !== first?.Id));
    assert.equal((await it.ask()).body, '500');
  });

  test('that says itself that it failed is kept', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('fn', { command: ['fn', '502'] }, { warm: 1 });
    const [first] = await engine.containers();
    assert.equal((await it.ask()).status, 502);
    assert.deepEqual(
      (await engine.containers()).map(({ Id }) => Id),
      [first?.Id],
    );
  });

  test('that misses its deadline is killed', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('fn', { command: ['fn', 'hangs'] }, { warm: 1 });
    const [first] = await engine.containers();
    assert.equal(await codeOf(it.ask({ ms: 200 })), 'WEFT_DEADLINE');
    await eventually(async () => (await engine.containers()).every(({ Id }) => Id !== first?.Id));
  });

  test('that crashes in the middle of a call answers with the reason and its last words', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('fn', { command: ['fn', 'crashes'] });
    await assert.rejects(it.ask(), /SIGSEGV \(exit code 139\).*about to crash/s);
    await assert.rejects(it.ask(), /SIGSEGV \(exit code 139\).*about to crash/s);
  });

  test('that never makes its socket is given up after five seconds', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('fn', { command: ['fn', 'silent'] });
    assert.deepEqual(await it.ask(), { status: 504, head: '', body: 'late' });
    await eventually(async () => (await engine.containers()).length === 0);
  });

  for (const [how, why] of [
    ['exits', /ended: exit code 4.*cannot go on/s],
    ['absolute', /it must be relative/],
    ['file', /no socket/],
  ] as const) {
    test(`that does something else than the handshake (${how}) is refused with the reason`, async () => {
      await using driver = new TestDriver(engine.env);
      const it = await driver.open('fn', { command: ['fn', how] });
      assert.deepEqual(await it.ask(), { status: 502, head: '', body: 'failed' });
      await assert.rejects(driver.open('fn', { command: ['fn', how] }, { warm: 1, name: 'warm' }), why);
    });
  }

  test('whose socket comes and goes is waited for until it stays', async () => {
    await using driver = new TestDriver(engine.env);
    // Several: one may be looked at just when it is there.
    for (const name of ['one', 'two', 'three', 'four']) {
      const it = await driver.open('fn', { command: ['fn', 'flickers'], network: 'none' }, { name });
      assert.equal((await it.ask({ text: name })).body, name);
    }
  });

  test('leaves no folder behind', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('fn', { command: ['fn', 'well'] }, { warm: 1 });
    assert.ok((await folders()).length > 0);
    await it.driven?.close();
    assert.deepEqual(await folders(), []);
  });

  test('that writes beside its socket, on this machine, uses its own memory up', async () => {
    await using driver = new TestDriver(engine.env);
    const memoryBytes = 32 * 1024 * 1024;
    const opened = driver.open('fn', { command: ['fn', 'hoards'] }, { warm: 1, limits: { ...DEFAULT_LIMITS, memoryBytes } });
    await assert.rejects(opened, { code: 'WEFT_START_FAILED', message: /out of memory/ });
  });

  test('leaves no folder behind even when it made one so deep that no path leads there', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('fn', { command: ['fn', 'digs'] }, { warm: 1 });
    assert.equal((await it.ask({ text: 'dug' })).body, 'dug');
    await it.driven?.close();
    assert.deepEqual([await folders(), await engine.containers()], [[], []]);
  });
});
