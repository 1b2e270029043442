/** A folder with an app in it, for one test. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { loadApp } from '../../src/manifest/index.ts';
import type { App, FunctionSpec } from '../../src/model/app.ts';
import { WeftError } from '../../src/model/errors.ts';

export class AppFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Gone after the test. */
  static async with(files: Readonly<Record<string, string | Uint8Array>>, t: Pick<TestContext, 'after'>): Promise<AppFolder> {
    const folder = new AppFolder(await realpath(await mkdtemp(join(tmpdir(), 'weft-manifest-'))));
    t.after(() => rm(folder.path, { recursive: true, force: true }));
    for (const [name, content] of Object.entries(files)) await folder.write(name, content);
    return folder;
  }

  at(...names: string[]): string {
    return join(this.path, ...names);
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    await mkdir(dirname(this.at(name)), { recursive: true });
    await writeFile(this.at(name), content);
  }

  load(environment: Readonly<Record<string, string>> = {}): Promise<App> {
    return loadApp(this.path, environment);
  }

  /** The app that `manifest` describes here. */
  async loadYaml(manifest: string | Uint8Array, environment: Readonly<Record<string, string>> = {}): Promise<App> {
    await this.write('weft.yaml', manifest);
    return this.load(environment);
  }

  /** The mistakes in `manifest`, each as "line:column: text". */
  async mistakesIn(manifest: string | Uint8Array, environment: Readonly<Record<string, string>> = {}): Promise<string[]> {
    return this.mistakes(this.loadYaml(manifest, environment));
  }

  async mistakes(loading: Promise<App>): Promise<string[]> {
    const error = await refusal(loading);
    assert.equal(error.code, 'WEFT_MANIFEST');
    const lines = error.message.split('\n').map((line) => line.trim());
    const told = lines.length > 1 ? lines.slice(1) : lines;
    return told.map((line) => line.replace(/^.*?\.(?:yaml|json):(?=\d)/, ''));
  }
}

export async function refusal(loading: Promise<unknown>): Promise<WeftError> {
  const outcome = await loading.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof WeftError, `no WeftError, but ${String(outcome)}`);
  return outcome;
}

/** The function of an app that has one. */
export function only(app: App): FunctionSpec {
  assert.equal(app.functions.length, 1);
  const [fn] = app.functions;
  assert.ok(fn);
  return fn;
}
