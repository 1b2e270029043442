import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundle } from './bundles.ts';
import { ECHO, says, sleeps, TestPlatform } from './harness.ts';

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5);
}

/** Answers to requests on connections of their own: so they come to all threads. */
async function answers(test: TestPlatform, name: string, count: number): Promise<string[]> {
  const ask = async (): Promise<string> => {
    const answer = await fetch(`${test.platform.url}/function/${name}`, { headers: { connection: 'close' } });
    return answer.text();
  };
  return Promise.all(Array.from({ length: count }, ask));
}

for (const sharePort of [true, false]) {
  const how = sharePort ? 'that share the port' : 'that connections are handed to';

  test(`threads ${how} all serve what is deployed`, async () => {
    await using it = await TestPlatform.start({ threads: 3, sharePort });
    await it.platform.deploy(bundle('a', { hello: says('one') }));
    assert.deepEqual(new Set(await answers(it, 'hello', 60)), new Set(['one']));
    await it.platform.deploy(bundle('a', { hello: says('two') }));
    assert.deepEqual(new Set(await answers(it, 'hello', 60)), new Set(['two']));
    const { functions } = await it.platform.totals();
    assert.equal(functions.find((fn) => fn.function === 'hello')?.byStatus['200'], 120);
  });

  test(`a thread ${how} that dies is replaced, and loses its own requests only`, async () => {
    await using it = await TestPlatform.start({ threads: 2, sharePort });
    const { platform } = it;
    await platform.deploy(bundle('a', { slow: sleeps(400, 'slept'), quick: says('quick') }));
    // Enough that each thread has some of them.
    const slow = Array.from({ length: 32 }, () =>
      fetch(`${platform.url}/function/slow`, { method: 'POST' }).then(
        async (answer) => `${answer.status} ${await answer.text()}`,
        () => 'lost',
      ),
    );
    await until(async () => (await platform.totals()).functions.reduce((sum, fn) => sum + fn.contextsWaiting, 0) === 32);
    const before = await platform.totals();
    await platform.threads.workers[0]?.terminate();
    const outcomes = new Set(await Promise.all(slow));
    for (const outcome of outcomes) assert.ok(['200 slept', 'lost'].includes(outcome), outcome);
    assert.ok(outcomes.has('200 slept'), 'the other thread ended as well');
    assert.ok(outcomes.has('lost'), 'no request was on the thread that died');
    await until(() => it.said.some((line) => line.includes('was replaced')));
    assert.equal(platform.threads.workers.length, 2);
    assert.deepEqual(new Set(await answers(it, 'quick', 60)), new Set(['quick']));
    await platform.deploy(bundle('a', { quick: says('newer') }));
    assert.deepEqual(new Set(await answers(it, 'quick', 60)), new Set(['newer']));
    // Counters never go back, or what reads them sees load that never was.
    const after = await platform.totals();
    assert.ok(after.ingress.accepted >= before.ingress.accepted);
    assert.equal(platform.threads.restarts, 1);
  });
}

test('threads that die again and again are replaced again and again', async () => {
  await using it = await TestPlatform.start({ threads: 1 });
  const { platform } = it;
  await platform.deploy(bundle('a', { hello: says('here') }));
  for (let death = 1; death <= 3; death++) {
    await platform.threads.workers[0]?.terminate();
    await until(() => it.said.filter((line) => line.includes('was replaced')).length === death);
    assert.deepEqual(await answers(it, 'hello', 3), ['here', 'here', 'here']);
  }
});

test('a thread that dies in the middle of a deploy fails it, and all threads go on with the version before', async () => {
  await using it = await TestPlatform.start({ threads: 2 });
  const { platform } = it;
  await platform.deploy(bundle('a', { hello: says('old') }));
  const [, second] = platform.threads.workers;
  const deploy = platform.deploy(bundle('a', { hello: says('new'), echo: ECHO }));
  await second?.terminate();
  const outcome = await deploy.then(
    () => 'new',
    () => 'old',
  );
  await until(() => it.said.some((line) => line.includes('was replaced')));
  assert.deepEqual(new Set(await answers(it, 'hello', 60)), new Set([outcome]));
  assert.equal((await platform.deploy(bundle('a', { hello: says('newest') }))).changed, true);
  assert.deepEqual(new Set(await answers(it, 'hello', 60)), new Set(['newest']));
});

test('closing lets requests that run be answered', async () => {
  await using it = await TestPlatform.start({ threads: 2 });
  const { platform } = it;
  await platform.deploy(bundle('a', { slow: sleeps(200, 'slept') }));
  const asked = Array.from({ length: 8 }, () => it.invoke('slow'));
  await until(async () => (await platform.totals()).functions.reduce((sum, fn) => sum + fn.started, 0) === 8);
  await platform.close();
  for (const answer of await Promise.all(asked)) assert.deepEqual(answer, { status: 200, body: 'slept' });
  await assert.rejects(fetch(`${platform.url}/healthz`));
  await assert.rejects(platform.deploy(bundle('a', { slow: ECHO })));
});
