/** What the ingress lends is read over by the next request: whoever waits has a copy. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundle, settings } from '../admin/bundles.ts';
import { TestPlatform } from '../admin/harness.ts';
import { compiled } from '../engine/compiled.ts';
import { options } from './programs.ts';

/** Reads its input, and a header of its request, after others have come in. */
const LATE_CAT = `
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int main(void) {
  struct timespec pause = {0, 100000000};
  nanosleep(&pause, NULL);
  printf("%s ", getenv("Http_X_Which"));
  for (int c; (c = getchar()) != EOF;) putchar(c);
}`;

test('a program that waits before it reads gets its own request, whatever came in meanwhile', async () => {
  await using platform = await TestPlatform.start({ threads: 1 });
  const wasm = await compiled(LATE_CAT, { contract: 'stdio' });
  const late = settings('late', { contract: 'stdio', stdio: options('classic') });
  await platform.platform.deploy(bundle('app', { late: { settings: late, wasm, files: {} } }));
  const ask = async (which: string): Promise<string> => {
    const init = { method: 'POST', body: which.repeat(300), headers: { 'X-Which': which } };
    return (await fetch(`${platform.platform.url}/function/late`, init)).text();
  };
  const all = 'abcdefghijklmnop'.split('');
  // The second time nothing is tried on the thread's own stack first.
  for (let round = 0; round < 3; round++)
    assert.deepEqual(
      await Promise.all(all.map(ask)),
      all.map((which) => `${which} ${which.repeat(300)}`),
    );
});
