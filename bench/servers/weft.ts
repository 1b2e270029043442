/** One engine thread of Weft in a process of its own. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { FromThread, ToThread } from '../../src/engine/protocol.ts';
import type { FunctionSettings } from '../../src/model/app.ts';
import { DEFAULT_LIMITS } from '../../src/model/limits.ts';
import { start, stop } from '../lib/processes.ts';
import type { Server } from './server.ts';
import type { DeployMessage, ToProcess } from './weft-process.ts';

export interface HostedFunction {
  readonly path: string;
  readonly settings?: Partial<FunctionSettings>;
}

type Answer<T extends FromThread['type']> = Extract<FromThread, { type: T }>;

export class Weft {
  readonly process: ChildProcess;
  #port = 0;
  #versions = 0;

  constructor(nodeFlags: readonly string[] = []) {
    this.process = start('server', [process.execPath, ...nodeFlags, join(import.meta.dirname, 'weft-process.ts')], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.process.setMaxListeners(0);
  }

  /** Deploys a first app and listens. */
  static async start(functions: Readonly<Record<string, HostedFunction>>, merge: readonly (readonly string[])[] = []): Promise<Weft> {
    const weft = new Weft();
    await weft.deploy('bench', functions, merge);
    weft.send({ type: 'listen', host: '127.0.0.1', port: 0 });
    weft.#port = (await weft.answer('listening')).port;
    return weft;
  }

  async deploy(
    app: string,
    functions: Readonly<Record<string, HostedFunction>>,
    merge: readonly (readonly string[])[] = [],
  ): Promise<void> {
    const version = ++this.#versions;
    this.send({
      type: 'deploy-files',
      app,
      version,
      merge,
      functions: Object.entries(functions).map(([name, { path, settings }]) => ({ path, settings: settingsOf(name, settings) })),
    } satisfies DeployMessage);
    await this.answer('deployed', (m) => m.version === version);
  }

  send(message: ToProcess | ToThread): void {
    this.process.send(message);
  }

  /** The next message of that kind. @throws Error when the thread refuses a version instead. */
  answer<T extends FromThread['type']>(type: T, fits: (message: Answer<T>) => boolean = () => true): Promise<Answer<T>> {
    return new Promise((resolve, reject) => {
      const listen = (message: FromThread): void => {
        if (message.type === 'refused') reject(new Error(JSON.stringify(message)));
        else if (message.type !== type || !fits(message as Answer<T>))
          return; // the type was just compared
        else resolve(message as Answer<T>);
        this.process.off('message', listen);
      };
      this.process.on('message', listen);
    });
  }

  server(fn: string): Server {
    return { name: 'weft', url: this.url(fn), close: () => this.close() };
  }

  url(fn: string): string {
    return `http://127.0.0.1:${this.#port}/function/${fn}`;
  }

  close(): Promise<void> {
    return stop(this.process);
  }
}

function settingsOf(name: string, own: Partial<FunctionSettings> = {}): FunctionSettings {
  const limits = { ...DEFAULT_LIMITS, ...own.limits };
  return { name, contract: 'weft', rollback: 'request', env: {}, secrets: {}, args: [], origins: [], idleMs: 0, warm: 0, ...own, limits };
}
