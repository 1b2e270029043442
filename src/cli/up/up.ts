/** `weft up`: apps built, served, and served anew whenever their sources change, until a signal ends it. */
import { type Platform, startPlatform } from '../../gateway/platform.ts';
import { type Builder, createBuilder, type ToolchainChoice } from '../../toolchain/index.ts';
import { BuildProgress } from '../build-progress.ts';
import { type BuiltApp, bundleApp, settled } from '../bundle.ts';
import { contextInUse } from '../contexts/choice.ts';
import { DEFAULT_CONTEXT } from '../contexts/name.ts';
import { noteRunning } from '../gateway-address.ts';
import { cacheFolder, dataFolder, makeDataFolder } from '../places.ts';
import { type LoadedApp, loadApps, sayNotes } from '../project.ts';
import { StopSignals } from '../stop-signals.ts';
import type { Terminal } from '../terminal.ts';
import { LiveApp } from './live-app.ts';

export interface UpOptions {
  readonly host: string;
  readonly port: number;
  readonly data?: string;
  readonly threads: number;
  readonly toolchain: ToolchainChoice;
  readonly watch: boolean;
}

/** @returns the exit code */
export async function up(terminal: Terminal, paths: readonly string[], options: UpOptions): Promise<number> {
  using stop = new StopSignals();
  const loaded = await loadApps(paths);
  sayNotes(terminal, loaded);
  const dataDir = await dataFolder(options.data, process.cwd());
  await makeDataFolder(dataDir);
  await using resources = new AsyncDisposableStack();
  try {
    await serve(terminal, { loaded, dataDir, options, resources, signal: stop.signal });
  } catch (error) {
    // Whatever a build says after it was told to stop is about that.
    if (!stop.signal.aborted) throw error;
  }
  await stop.stopped;
  terminal.say('weft: ending; requests that run are answered first');
  return stop.exitCode;
}

interface Serving {
  readonly loaded: readonly LoadedApp[];
  readonly dataDir: string;
  readonly options: UpOptions;
  readonly resources: AsyncDisposableStack;
  readonly signal: AbortSignal;
}

async function serve(terminal: Terminal, { loaded, dataDir, options, resources, signal }: Serving): Promise<void> {
  const { host, port, threads } = options;
  const cacheDir = await cacheFolder(process.env, dataDir);
  // Both take time, and either may be what cannot be: a port in use is told even when something does not compile.
  const [platform, { builder, built }] = await together(
    startPlatform({ host, port, threads, dataDir, cacheDir, log: (level, text) => terminal.say(`weft: ${level}: ${text}`) }).then(
      (started) => resources.adopt(started, (each) => each.close()),
    ),
    buildAll(terminal, { loaded, cacheDir, options, resources, signal }),
  );
  signal.throwIfAborted();
  for (const { bundle } of built) await platform.deploy(bundle);
  resources.use(await noteRunning(dataDir, platform.url));
  if (options.watch) {
    const parts = { terminal, builder, platform };
    for (const [at, { path, app }] of loaded.entries()) {
      const made = built[at];
      if (made !== undefined) resources.use(new LiveApp(path, app, made, parts));
    }
  }
  await announce(terminal, platform);
  // The first save is then as quick as those after it. Whatever is wrong shows when something is built.
  if (options.watch && loaded.length > 0) void builder.warmUp().catch(() => {});
}

async function buildAll(
  terminal: Terminal,
  { loaded, cacheDir, options, resources, signal }: Omit<Serving, 'dataDir'> & { readonly cacheDir: string },
): Promise<{ builder: Builder; built: BuiltApp[] }> {
  const builder = resources.adopt(await createBuilder({ cacheDir, toolchain: options.toolchain }), (each) => each.close());
  using progress = new BuildProgress(terminal);
  return { builder, built: await settled(loaded.map(({ app }) => bundleApp(app, { builder, progress, signal }))) };
}

async function together<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await settled<A | B>([one, other]);
  return [await one, await other];
}

/** One line on standard output: who waits for it knows that everything answers. */
async function announce(terminal: Terminal, platform: Platform): Promise<void> {
  const served = (await platform.list()).filter((app) => app.error === undefined);
  const functions = served.flatMap((app) => app.functions);
  for (const { name } of functions) terminal.say(`  ${platform.url}/function/${name}`);
  if (functions.length === 0) terminal.say('weft: nothing is deployed yet; weft deploy does that');
  const { url, port } = platform;
  const context = await contextInUse(process.env).catch(() => DEFAULT_CONTEXT);
  if (context !== DEFAULT_CONTEXT)
    terminal.say(`weft: other commands talk to the context "${context}"; to this platform with --context ${DEFAULT_CONTEXT}`);
  terminal.data({ url, port, functions: functions.map(({ name, app }) => ({ name, app, url: `${url}/function/${name}` })) }, url);
}
