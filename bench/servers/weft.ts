/** Weft with one engine thread, in a process of its own. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { AppBundle } from '../../src/model/app.ts';
import { residentBytes, type Side, start, stop } from '../lib/processes.ts';
import type { Server } from './server.ts';
import type { Answer, Command } from './weft-process.ts';

export class Weft {
  readonly #process: ChildProcess;
  readonly #url: string;

  private constructor(child: ChildProcess, url: string) {
    this.#process = child;
    this.#url = url;
  }

  static async start(bundle: AppBundle, side: Side = 'server'): Promise<Weft> {
    const child = start(side, [process.execPath, join(import.meta.dirname, 'weft-process.ts')], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    const weft = new Weft(child, (await answerOf(child)).url);
    await weft.deploy(bundle);
    return weft;
  }

  async deploy(bundle: AppBundle): Promise<void> {
    await this.#tell({ do: 'deploy', bundle });
  }

  /** Done when this returns: 0 frees the function's contexts, n makes n ready. */
  async scale(fn: string, contexts: number): Promise<void> {
    await this.#tell({ do: 'scale', fn, contexts });
    await this.#tell({ do: 'settle' });
  }

  async #tell(command: Command): Promise<void> {
    this.#process.send(command);
    const { error } = await answerOf(this.#process);
    if (error !== undefined) throw new Error(error);
  }

  url(fn: string): string {
    return `${this.#url}/function/${fn}`;
  }

  server(fn: string): Server {
    return { name: 'weft', url: this.url(fn), close: () => this.close() };
  }

  /** Memory of the whole process that is in use. */
  get residentBytes(): number {
    return residentBytes(this.#process.pid ?? 0);
  }

  close(): Promise<void> {
    return stop(this.#process);
  }
}

async function answerOf(child: ChildProcess): Promise<Answer> {
  const gone = new AbortController();
  const ended = once(child, 'exit', { signal: gone.signal }).then(() => {
    throw new Error('Weft ended by itself');
  });
  try {
    const [answer] = (await Promise.race([once(child, 'message', { signal: gone.signal }), ended])) as [Answer]; // weft-process.ts sends it
    return answer;
  } finally {
    gone.abort();
    ended.catch(() => {});
  }
}
