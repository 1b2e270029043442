/** What the pool of instances decides, with instances that do as they are told. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { type Instance, InstancePool, type Lease, type PoolOptions } from '../../src/drivers/instance-pool.ts';
import { Ending } from '../../src/engine/ending.ts';
import { WeftError } from '../../src/model/errors.ts';

class Puppet implements Instance {
  usable = true;
  ends = 0;
  readonly #gone = Promise.withResolvers<void>();
  readonly gone = this.#gone.promise;

  die(): void {
    this.usable = false;
    this.#gone.resolve();
  }

  end(): Promise<void> {
    this.ends += 1;
    this.die();
    return Promise.resolve();
  }
}

interface Stage {
  readonly pool: InstancePool<Puppet>;
  readonly made: Puppet[];
  readonly live: () => number;
}

function stage(options: Partial<PoolOptions<Puppet>> = {}): Stage {
  const made: Puppet[] = [];
  let live = 0;
  const start = (): Promise<Puppet> => {
    const puppet = new Puppet();
    made.push(puppet);
    return Promise.resolve(puppet);
  };
  const pool = new InstancePool<Puppet>({
    name: 'fn',
    most: 8,
    each: 1,
    idleMs: 0,
    start,
    instances: (change) => (live += change),
    coldStart: () => {},
    warn: () => {},
    ...options,
  });
  return { pool, made, live: () => live };
}

const lease = (pool: InstancePool<Puppet>, ending = new Ending()): Promise<Lease<Puppet>> =>
  new Promise((resolve, reject) => pool.acquire(ending, resolve, reject));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

test('what a burst needed is ended when it has been idle, and what is used or was asked for stays', { timeout: 10_000 }, async () => {
  const { pool, made, live } = stage({ idleMs: 60 });
  await pool.scale(1);
  const burst = await Promise.all(Array.from({ length: 5 }, () => lease(pool)));
  assert.equal(live(), 5);
  for (const { release } of burst) release();
  const used = (await lease(pool)).instance;
  await until(() => live() === 1);
  assert.equal(used.ends, 0, 'the one in use');
  assert.equal(made.length, 5);
  await pool.close();
  assert.equal(live(), 0);

  const kept = stage({ idleMs: 20 });
  await kept.pool.scale(2);
  await sleep(100);
  assert.equal(kept.live(), 2, 'those that were asked for');
  await kept.pool.scale(0);
  assert.equal(kept.live(), 0);
  await kept.pool.close();
});

test('an instance that is lost makes room for another at once, but one that never served anybody for none', {
  timeout: 10_000,
}, async () => {
  const { pool, made } = stage();
  (await lease(pool)).release();
  const second = await lease(pool);
  second.instance.die();
  second.release('lost');
  const third = await lease(pool);
  assert.notEqual(third.instance, second.instance);
  third.instance.die();
  third.release('lost');
  await assert.rejects(lease(pool), { code: 'WEFT_START_FAILED', message: /took no request/ });
  assert.equal(made.length, 2);
  await pool.close();
});

test('one that ends in the middle of its first request is replaced at once; one that ends unused is not', async () => {
  const { pool, made, live } = stage();
  const first = await lease(pool);
  first.instance.die();
  await until(() => live() === 0);
  first.release();
  const second = await lease(pool);
  second.release();
  second.instance.die();
  await until(() => live() === 0);
  await pool.scale(1);
  assert.equal(made.length, 3);
  made[2]?.die();
  await until(() => live() === 0);
  await assert.rejects(lease(pool), { code: 'WEFT_START_FAILED', message: /ended as soon as it was up/ });
  assert.deepEqual(
    made.map(({ ends }) => ends > 0),
    [true, true, true],
    'what is left of those that died is taken away',
  );
  await pool.close();
});

test('an end that was told before there was an instance is the answer, even if one is free', async () => {
  const { pool } = stage();
  (await lease(pool)).release();
  const ending = new Ending();
  ending.end(new WeftError('WEFT_CLIENT_GONE', { name: 'fn' }));
  await assert.rejects(lease(pool, ending), { code: 'WEFT_CLIENT_GONE' });
  await pool.close();
});

test('closing tells what is starting to give up, and waits for it and for what is ending', async () => {
  let gaveUp = false;
  const { pool } = stage({
    start: (closing) =>
      new Promise((_, reject) => {
        closing.addEventListener('abort', () => {
          void sleep(20).then(() => {
            gaveUp = true;
            reject(new Error('told to'));
          });
        });
      }),
  });
  const waiting = lease(pool);
  const scaled = pool.scale(2);
  const outcome = Promise.allSettled([waiting, scaled]);
  await pool.close();
  assert.ok(gaveUp);
  for (const each of await outcome) {
    assert.equal(each.status, 'rejected');
    assert.equal(each.reason.code, 'WEFT_FUNCTION_CRASHED');
  }
});
