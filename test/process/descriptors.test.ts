/** Descriptors of an engine thread that ran processes: their numbers are others' once they are closed. */
import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { bundle, settings } from '../admin/bundles.ts';
import { TestPlatform } from '../admin/harness.ts';
import { cannotRun, eventually, processFunction, Workbench } from './harness.ts';

test('an engine thread that ends closes what it has open, and nothing that others opened since', { skip: cannotRun() }, async () => {
  await using bench = await Workbench.open();
  await using platform = await TestPlatform.start({ threads: 1 });
  const program = await bench.build('probe');
  const executable = new Uint8Array(await readFile(program));
  const before = descriptors();
  const { spec } = processFunction({ program });
  await platform.platform.deploy(bundle('app', { probe: { settings: settings('probe', spec), executable, files: {} } }));
  assert.equal((await platform.invoke('probe', 'id')).body, '1000 1000\n');
  const during = descriptors();
  await platform.platform.remove('app');
  await eventually(() => during.every((fd) => before.includes(fd) || !descriptors().includes(fd)));

  const opened: number[] = [];
  while (!during.every((fd) => descriptors().includes(fd))) opened.push(openSync('/dev/null', 'r'));
  await platform.platform.close(0);
  for (const fd of opened) {
    assert.doesNotThrow(() => fstatSync(fd), `descriptor ${fd} is closed`);
    closeSync(fd);
  }
});

const descriptors = (): number[] => readdirSync('/proc/self/fd').map(Number);
