/** An app that is served and follows its sources: built and deployed again whenever they change. */
import { join } from 'node:path';
import type { Platform } from '../../gateway/platform.ts';
import { loadApp } from '../../manifest/index.ts';
import type { App, FunctionSpec } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import type { Builder } from '../../toolchain/index.ts';
import { type BuiltApp, bundleApp } from '../bundle.ts';
import { reportFailure } from '../failure.ts';
import type { Terminal } from '../terminal.ts';
import { SourceWatcher } from './source-watcher.ts';

export interface LiveAppParts {
  readonly terminal: Terminal;
  readonly builder: Builder;
  readonly platform: Platform;
}

export class LiveApp implements AsyncDisposable {
  readonly #path: string;
  readonly #parts: LiveAppParts;
  readonly #watcher: SourceWatcher;
  readonly #name: string;
  #inputs: readonly string[] = [];
  #round: Promise<void> = Promise.resolve();
  #abort = new AbortController();
  #ended = false;
  /** The last thing told is that something is wrong. */
  #failing = false;

  /** `path` is what the app was loaded from. */
  constructor(path: string, app: App, built: BuiltApp, parts: LiveAppParts) {
    this.#path = path;
    this.#parts = parts;
    this.#name = app.name;
    this.#watcher = new SourceWatcher({
      changed: (since) => this.#changed(since),
      failed: (folder, error) => parts.terminal.say(`weft: changes in ${folder} will not be noticed: ${error.message}`),
    });
    this.#watch(app, built);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#watcher[Symbol.dispose]();
    this.#abort.abort();
    await this.#round;
  }

  /** What is being built is out of date: it is dropped, and the next round begins when it has stopped. */
  #changed(since: number): void {
    this.#abort.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#round = this.#round.then(() => this.#deployAgain(since, abort.signal));
  }

  async #deployAgain(since: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#ended) return;
    const { terminal, builder, platform } = this.#parts;
    try {
      const app = await this.#load();
      // Before the build: what is new in the manifest may be what is wrong.
      this.#watch(app, undefined);
      const built = await bundleApp(app, { builder, signal });
      this.#watch(app, built);
      signal.throwIfAborted();
      const { version, changed } = await platform.deploy(built.bundle);
      const mended = this.#failing;
      this.#failing = false;
      if (!changed) {
        if (mended) terminal.say(`${app.name}: nothing is wrong any more; version ${version} answers as before`);
        return;
      }
      for (const { warnings } of built.artifacts.values()) if (warnings.trim() !== '') terminal.say(warnings.trimEnd());
      terminal.say(`${app.name}: version ${version} answers, ${Math.round(performance.now() - since)} ms after the change`);
    } catch (error) {
      if (signal.aborted || this.#ended) return;
      this.#failing = true;
      reportFailure(terminal, error);
      terminal.say(`${this.#name}: the version before goes on answering`);
    }
  }

  async #load(): Promise<App> {
    const app = await loadApp(this.#path);
    if (app.name === this.#name) return app;
    const reason = `The app "${this.#name}" is now named "${app.name}" in its manifest; start again to serve it under that name`;
    throw new WeftError('WEFT_USAGE', { reason, command: 'weft up --help' });
  }

  /** What it was made from the last time, and what its manifest names now. */
  #watch(app: App, built: BuiltApp | undefined): void {
    if (this.#ended) return;
    if (built !== undefined) this.#inputs = [...built.artifacts.values()].flatMap((artifact) => artifact.inputs);
    const named = app.functions.flatMap((fn) => [...Object.values(fn.files), ...sourcesOf(fn)]);
    this.#watcher.watch([...this.#inputs, ...named], [app.dir]);
  }
}

function sourcesOf({ build }: FunctionSpec): readonly string[] {
  switch (build.kind) {
    case 'sources':
      return [...build.sources, ...build.libraries];
    case 'wasm':
    case 'executable':
      return [build.path];
    case 'none':
      return [];
    case 'cmake':
    case 'make':
      return [join(build.dir, 'CMakeLists.txt'), join(build.dir, 'Makefile')];
  }
}
