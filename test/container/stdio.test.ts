import assert from 'node:assert/strict';
import { suite } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_LIMITS } from '../../src/model/limits.ts';
import { testsWithEngine } from './engine.ts';
import { codeOf, CollectingStream, eventually, TestDriver } from './harness.ts';

const { engine, test } = await testsWithEngine();

suite('an image that is a filter', () => {
  test('runs in a container for each request: input, environment, output', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('stdio', { command: ['filter', 'upper', 'to the log'], network: 'none' });
    const large = 'x'.repeat(3_000_000);
    assert.equal((await it.ask({ text: 'hello' })).body, 'HELLO');
    assert.equal((await it.ask({ text: large })).body, large.toUpperCase());
    assert.ok(it.log.includes('error: to the log'));
    const facts = await (await driver.open('stdio', { command: ['filter', 'facts'] }, { name: 'facts' })).ask({ method: 'PUT' });
    assert.match(facts.body, /env METHOD=PUT/);
    assert.deepEqual([await engine.containers(), it.live, it.coldStarts], [[], 0, 2]);
  });

  test('that fails is told by its exit code or signal, and out of memory', async () => {
    await using driver = new TestDriver(engine.env);
    assert.equal((await (await driver.open('stdio', { command: ['filter', 'exit', '3'] })).ask()).body, 'exit 3 ');
    assert.equal((await (await driver.open('stdio', { command: ['filter', 'crash'] })).ask()).body, 'exit 139 SIGSEGV');
    const hungry = await driver.open('stdio', { command: ['filter', 'eat'] });
    assert.equal((await hungry.ask()).body, 'exit 137 SIGKILL');
    assert.ok(hungry.log.some((line) => line.includes('reached its memory limit')));
  });

  test('is ended at its deadline, and when it answers too much', async () => {
    await using driver = new TestDriver(engine.env);
    assert.equal(await codeOf((await driver.open('stdio', { command: ['filter', 'hang'] })).ask({ ms: 1500 })), 'WEFT_DEADLINE');
    assert.equal(await codeOf((await driver.open('stdio', { command: ['filter', 'flood'] })).ask()), 'WEFT_RESPONSE_TOO_LARGE');
    assert.deepEqual(await engine.containers(), []);
  });

  test('waits for others when its containers are as many as may run', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('stdio', { command: ['filter', 'upper'], resources: { instances: 1 } });
    const [one, two, gone] = await Promise.all([it.ask({ text: 'one' }), it.ask({ text: 'two' }), codeOf(it.ask({ ms: 1 }))]);
    assert.deepEqual([one.body, two.body, gone], ['ONE', 'TWO', 'WEFT_DEADLINE']);
    assert.equal((await it.ask({ text: 'three' })).body, 'THREE');
  });

  test('streams what it prints while it prints, and waits for a slow client', async () => {
    await using driver = new TestDriver(engine.env);
    const limits = { ...DEFAULT_LIMITS, responseBytes: 20_000_000 };
    const it = await driver.open('stdio', { command: ['filter', 'upper'] }, { env: { STREAM: '1' }, limits });
    const stream = new CollectingStream();
    const streaming = it.ask({ text: 'y'.repeat(20_000_000), stream });
    await eventually(() => stream.waits);
    const before = stream.bytes;
    stream.drain();
    assert.equal((await streaming).body, 'streamed');
    assert.ok(before < 20_000_000);
    assert.deepEqual([stream.status, stream.bytes], [200, 20_000_000]);
  });

  test('streams no more than its limit: what is larger is broken off', async () => {
    await using driver = new TestDriver(engine.env);
    const limits = { ...DEFAULT_LIMITS, responseBytes: 500_000 };
    const it = await driver.open('stdio', { command: ['filter', 'flood'] }, { env: { STREAM: '1' }, limits });
    const stream = new CollectingStream();
    assert.equal(await codeOf(it.ask({ stream })), 'WEFT_RESPONSE_TOO_LARGE');
    assert.ok(stream.status === 200 && stream.bytes <= 500_000, `${stream.bytes}`);
    assert.deepEqual(await engine.containers(), []);
  });

  test('joins standard error to its answer when its contract wants that', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('stdio', { command: ['filter', 'upper', 'joined'] }, { env: { JOIN: '1' } });
    // Two pipes: nobody can know which of them was written to first.
    const { body } = await it.ask({ text: 'answer' });
    assert.ok(['joined\nANSWER', 'ANSWERjoined\n'].includes(body), body);
  });
});

suite('an image that reads request after request', () => {
  const LINES = { env: { LIFE: 'hot' } };

  test('answers them in one container', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('stdio', { command: ['hot'], network: 'none', resources: { instances: 1 } }, LINES);
    const answers = await Promise.all(['a\n', 'b\n', 'c\n'].map((text) => it.ask({ text })));
    assert.deepEqual(
      answers.map(({ body }) => body),
      ['1 a\n', '2 b\n', '3 c\n'],
    );
    assert.equal((await engine.containers()).length, 1);
  });

  test('that crashes is reported with its last words, and the next request has another', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('stdio', { command: ['hot'] }, LINES);
    await assert.rejects(it.ask({ text: 'crash\n' }), /SIGSEGV.*about to crash/s);
    assert.equal((await it.ask({ text: 'a\n' })).body, '1 a\n');
  });

  test('that misses its deadline, or prints more than its answer, is replaced', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('stdio', { command: ['hot'] }, LINES);
    assert.equal(await codeOf(it.ask({ text: 'hang\n', ms: 1500 })), 'WEFT_DEADLINE');
    assert.equal((await it.ask({ text: 'a\n' })).body, '1 a\n');
    assert.equal((await it.ask({ text: 'babble\n' })).body, '2 babble\n');
    assert.equal((await it.ask({ text: 'a\n' })).body, '1 a\n');
    assert.ok(it.log.some((line) => line.includes('more than its answer')));
  });

  test('that prints before anybody asked is replaced less and less often', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('stdio', { command: ['hot', 'greets'] }, { ...LINES, warm: 1 });
    const lives = (): number => it.log.filter((line) => line.includes('more than its answer')).length;
    const began = performance.now();
    while (lives() < 2) await delay(50);
    while (performance.now() - began < 5000 && lives() < 7) await delay(50);
    // Seven lives have six pauses between them, of 6.3 s altogether: in less there cannot be so many.
    const waited = performance.now() - began;
    assert.ok(lives() < 7 || waited > 6300, `${lives()} lives in ${waited} ms`);
  });

  test('that prints without end behind its answer is told of once, and is replaced', async () => {
    await using driver = new TestDriver(engine.env);
    const it = await driver.open('stdio', { command: ['hot'], resources: { instances: 1 } }, LINES);
    assert.equal((await it.ask({ text: 'drown\n' })).body, '1 drown\n');
    assert.equal((await it.ask({ text: 'a\n' })).body, '1 a\n');
    assert.equal(it.log.filter((line) => line.includes('more than its answer')).length, 1);
  });
});
