/** The process that `weft.ts` starts: one engine thread as the platform runs it, and a watchdog. Told what to do over IPC. */
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { createControl } from '../../src/engine/control.ts';
import type { FromThread, ThreadOptions, ToThread } from '../../src/engine/protocol.ts';
import type { FunctionSettings } from '../../src/model/app.ts';

/** Deploys come with the path of the module: a compiled module cannot cross to another process. */
export interface DeployMessage {
  readonly type: 'deploy-files';
  readonly app: string;
  readonly version: number;
  readonly functions: readonly { readonly settings: FunctionSettings; readonly path: string }[];
  readonly merge: readonly (readonly string[])[];
}

export type ToProcess = DeployMessage | ToThread;

const control = createControl();
new Worker(new URL('../../src/engine/watchdog.ts', import.meta.url), { workerData: { controls: [control] } });
const thread = new Worker(new URL('../../src/gateway/thread-main.ts', import.meta.url), {
  workerData: { thread: 0, threads: 1, listen: { kind: 'reuse-port' }, controls: [control] } satisfies ThreadOptions,
});
thread.on('message', (message: FromThread) => process.send?.(message));
process.on('message', (message: ToProcess) => thread.postMessage(message.type === 'deploy-files' ? deploy(message) : message));
process.on('disconnect', () => process.exit(0));

function deploy({ app, version, functions, merge }: DeployMessage): ToThread {
  const deployed = functions.map(({ settings, path }) => ({
    spec: settings,
    module: new WebAssembly.Module(readFileSync(path)),
    files: {},
  }));
  return { type: 'deploy', version: { app, version, merge, functions: deployed } };
}
