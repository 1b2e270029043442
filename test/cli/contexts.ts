/** What the tests of contexts share. */
import assert from 'node:assert/strict';
import { Workshop } from './weft.ts';

/** Where nothing answers. */
export const NOWHERE = 'http://127.0.0.1:9';

export async function inWorkshop(use: (workshop: Workshop) => Promise<void>): Promise<void> {
  await using workshop = await Workshop.open();
  await use(workshop);
}

export async function createContext(workshop: Workshop, name: string, ...more: readonly string[]): Promise<void> {
  const { code, stderr } = await workshop.run(['context', 'create', name, '--gateway', NOWHERE, ...more]);
  assert.equal(code, 0, stderr);
}
