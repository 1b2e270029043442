/** Calls no C library would make: any function with any numbers gives an errno, or ends the caller with a RangeError. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { Client, type ClientOptions } from './client.ts';

/** Which parameters are 64 bits wide; all others are 32. poll_oneoff suspends, so programs.test.ts calls it. */
const WIDE: Readonly<Record<string, readonly number[]>> = {
  clock_time_get: [1],
  fd_advise: [1, 2],
  fd_allocate: [1, 2],
  fd_fdstat_set_rights: [1, 2],
  fd_filestat_set_size: [1],
  fd_filestat_set_times: [1, 2],
  fd_pread: [3],
  fd_pwrite: [3],
  fd_readdir: [3],
  fd_seek: [1],
  path_filestat_set_times: [4, 5],
  path_open: [5, 6],
};
const MAX_PARAMETERS = 9;
const SCRATCH_BYTES = 1 << 20;

const options: ClientOptions = {
  files: { '/data/f': Buffer.from('packed') },
  program: { stdin: Buffer.from('input') },
  memoryBytes: SCRATCH_BYTES,
};
const callable = new Client().names.filter((name) => name !== 'poll_oneoff');

/** Small numbers are descriptors, lengths and flags; some lie at the places where paths and vectors are. */
const narrow = fc.oneof(
  { weight: 8, arbitrary: fc.nat(8) },
  { weight: 3, arbitrary: fc.constantFrom(1024, 1032, 1040, 8192) },
  fc.integer(),
);
const wide = fc.oneof({ weight: 4, arbitrary: fc.bigInt(0n, 64n) }, fc.constant(-1n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n));
const call = fc.record({
  name: fc.constantFrom(...callable),
  numbers: fc.array(narrow, { minLength: MAX_PARAMETERS, maxLength: MAX_PARAMETERS }),
  bigs: fc.array(wide, { minLength: MAX_PARAMETERS, maxLength: MAX_PARAMETERS }),
});

function fillMemory(client: Client): void {
  client.bytes.set(Buffer.from('tmp/a\0tmp/b/c\0data/f\0../..'), 1024);
  client.bytes.set(Buffer.from('.///tmp/'), 8192);
  for (let at = 1040; at < 1200; at += 8) {
    client.view.setUint32(at, at * 3, true);
    client.view.setUint32(at + 4, at % 97, true);
  }
}

test('no sequence of calls harms the host', () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 80 }), (calls) => {
      const client = new Client(options);
      fillMemory(client);
      client.open('tmp/a', { oflags: 1, rights: 0x0fff_ffff });
      for (const { name, numbers, bigs } of calls) {
        const args = numbers.map((number, i) => (WIDE[name]?.includes(i) ? (bigs[i] ?? 0n) : number));
        try {
          const errno = client.call(name, ...args);
          assert.ok(errno === undefined || (Number.isInteger(errno) && errno >= 0 && errno <= 76), `${name} gave ${errno}`);
        } catch (cause) {
          if (!(cause instanceof RangeError) || !cause.message.includes('memory outside the function')) throw cause;
        }
      }
      // Whatever happened, the packed file is what it was and the scratch folder is within its bounds.
      client.rollBack();
      assert.equal(client.load('data/f'), 'packed');
    }),
    { numRuns: 1000 },
  );
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void; // which the flag defines in contexts made after it
  collect();
}

test('a file that grows and shrinks without end holds no more of the host than its size', async () => {
  const client = new Client({ memoryBytes: SCRATCH_BYTES });
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 500; i++) {
    const fd = client.open(`tmp/f${i}`, { oflags: 1, rights: 0x0fff_ffff });
    assert.equal(client.call('fd_filestat_set_size', fd, 700_000n), 0);
    assert.equal(client.call('fd_filestat_set_size', fd, 10n), 0);
    client.close(fd);
  }
  const held = (): number => process.memoryUsage().arrayBuffers - before;
  // The collector frees buffers in a thread of its own, some time after it found them.
  for (let i = 0; i < 200 && held() >= 10 * 700_000; i++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok(held() < 10 * 700_000, `${held()} bytes for files of 10 bytes`);
});
