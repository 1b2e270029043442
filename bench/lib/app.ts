/** Apps built as `weft up` builds them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleApp } from '../../src/cli/bundle.ts';
import { loadApp } from '../../src/manifest/index.ts';
import type { AppBundle } from '../../src/model/app.ts';
import { type Builder, createBuilder } from '../../src/toolchain/index.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const APPS = join(import.meta.dirname, '../apps');

const cacheDir = mkdtempSync(join(tmpdir(), 'weft-bench-'));
let builder: Promise<Builder> | undefined;

/** @param path a folder with a manifest */
export async function buildApp(path: string): Promise<AppBundle> {
  builder ??= createBuilder({ cacheDir, toolchain: 'embedded' });
  return (await bundleApp(await loadApp(path), { builder: await builder })).bundle;
}

/** Everything is built: the compiler may go, and take what it kept. */
export async function endBuilds(): Promise<void> {
  await (await builder)?.close();
  builder = undefined;
  rmSync(cacheDir, { recursive: true, force: true });
}
