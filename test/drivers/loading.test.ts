/** Drivers are loaded with the first function that they are to run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDrivers } from '../../src/drivers/index.ts';
import type { DrivenHost, DrivenSource } from '../../src/engine/driver.ts';
import { WeftError } from '../../src/model/errors.ts';
import { fn, sources } from '../toolchain/workshop.ts';

test('a driver that cannot be loaded refuses its function, is tried again for the next one, and can be closed all the same', async () => {
  let tries = 0;
  const wires = async () => {
    if (tries++ === 0) throw new Error('too many open files');
    return {};
  };
  const driver = createDrivers(wires, { cacheDir: '/nowhere' }).process;
  assert.ok(driver);
  const source: DrivenSource = { app: 'a', spec: fn(sources(['x.c'])), files: {} } as unknown as DrivenSource; // nothing else is looked at
  const host = {} as DrivenHost; // a function that is refused says nothing to it
  await assert.rejects(driver.open(source, host), /too many open files/);
  await driver.close();
  await assert.rejects(driver.open(source, host), (cause) => cause instanceof WeftError && cause.code === 'WEFT_MODULE_REFUSED');
  await driver.close();
});
