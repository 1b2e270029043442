/** Descriptors of an engine thread that ran processes: their numbers are others' once they are closed. */
import assert from 'node:assert/strict';
import { closeSync, existsSync, fstatSync, openSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { http } from '../../src/contracts/http.ts';
import { findAbilities } from '../../src/drivers/process/abilities.ts';
import { ControlGroups } from '../../src/drivers/process/cgroups.ts';
import { makePlace } from '../../src/drivers/process/function-place.ts';
import { HostProcess } from '../../src/drivers/process/host-process.ts';
import { RunFolder } from '../../src/drivers/process/run-folder.ts';
import { ServerProcess } from '../../src/drivers/process/server-process.ts';
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

/** As when the disk, or the kernel's number of them, is used up. */
class NoGroups extends ControlGroups {
  override make(): never {
    throw new Error('no more control groups');
  }
}

test('starts that fail before there is a process leave nothing open, and no folder', { skip: cannotRun(), timeout: 30_000 }, async () => {
  const run = await RunFolder.open();
  const able = await findAbilities(run);
  const { spec } = processFunction({ program: '' });
  const settled = settings('fn', spec);
  const { isolation } = settled;
  assert.ok(isolation.kind === 'process');
  const source = { app: 'app', version: 1, spec: settled, program: '/bin/true', files: {} };
  const place = await makePlace({ source, isolation, host: '/bin/true', run, sandboxed: true });
  const before = descriptors().length;
  const forever = new AbortController().signal;
  for (const abilities of [
    { ...able, groups: new NoGroups() },
    { ...able, filter: join(place.folder, 'none') },
  ]) {
    const options = { abilities, place, host: [], env: {}, log: () => {} };
    for (let n = 0; n < 5; n++) await assert.rejects(HostProcess.start(options, forever), { code: 'WEFT_START_FAILED' });
    const folder = await run.make('socket');
    const socketFolder = { from: folder, to: '/run/weft' };
    const at = { kind: 'socket', folder, name: 'socket' } as const;
    const parts = { spec: settled, wire: http, healthPath: undefined, options: { ...options, socketFolder }, at };
    await assert.rejects(ServerProcess.start(parts, forever), { code: 'WEFT_START_FAILED' });
    await eventually(() => !existsSync(folder));
  }
  await eventually(() => descriptors().length <= before);
  await run.close();
});

const descriptors = (): number[] => readdirSync('/proc/self/fd').map(Number);
