/** Any requests, in any pieces, killed at any time: each has its own end, and the next one its own answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileC, FROM_HOST, HostProcess, runPayload, TO_HOST, u32 } from './host.ts';

const RUNS = 20;

/** Reads its input or not, writes so much here and there, and ends so or so. */
const PROGRAM = `#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
static int of(const char *name) { return atoi(getenv(name)); }
static void put(FILE *to, int bytes) { while (bytes-- > 0) putc('x', to); }
int main(void) {
  long got = 0;
  if (of("READ")) while (getchar() != EOF) got++;
  printf("%ld ", got);
  put(stdout, of("OUT"));
  put(stderr, of("ERR"));
  fflush(NULL);
  if (of("SIGNAL")) raise(of("SIGNAL"));
  return of("EXIT");
}`;

const SIZES = [0, 1, 100, 4096, 65_535, 65_536, 65_537, 200_000, 700_000];
const request = fc.record({
  stdin: fc.constantFrom(...SIZES),
  READ: fc.constantFrom(0, 1),
  OUT: fc.constantFrom(...SIZES),
  ERR: fc.constantFrom(...SIZES),
  SIGNAL: fc.constantFrom(0, 0, 11, 15),
  EXIT: fc.nat({ max: 255 }),
  killed: fc.constantFrom(false, false, true),
  /** Where its frame is cut. */
  cuts: fc.array(fc.nat({ max: 800_000 }), { maxLength: 4 }),
});

test('weft-host fork: any requests, in any pieces, killed at any time', async () => {
  const program = compileC('any', PROGRAM);
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 6 }), async (requests) => {
      await using host = await HostProcess.start(['fork', '--', program]);
      await host.expect(FROM_HOST.ready);
      for (const { stdin, killed, cuts, ...how } of requests) {
        const env = Object.fromEntries(Object.entries(how).map(([name, value]) => [name, String(value)]));
        const payload = runPayload(env, Buffer.alloc(stdin, 'i'));
        const frame = Buffer.concat([u32(payload.length, TO_HOST.run), payload]);
        const ends = [...cuts.filter((cut) => cut < frame.length).toSorted((a, b) => a - b), frame.length];
        for (const [at, end] of ends.entries()) {
          host.input.write(frame.subarray(ends[at - 1] ?? 0, end));
          await new Promise(setImmediate);
        }
        if (killed) host.send(TO_HOST.kill);
        const run = await host.untilEnd();
        if (killed && run.signal === 9) continue;
        const { READ, OUT, ERR, SIGNAL, EXIT } = how;
        const seen = { ...run, stdout: run.stdout.length, stderr: run.stderr.length };
        const said = `${READ ? stdin : 0} `;
        assert.ok(run.stdout.startsWith(said));
        assert.deepEqual(seen, { exitCode: SIGNAL ? 0 : EXIT, signal: SIGNAL, stdout: said.length + OUT, stderr: ERR });
      }
    }),
    { numRuns: RUNS },
  );
});
