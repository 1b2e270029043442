/** One engine thread as the control thread sees it: a worker, what was asked of it, and what it answers. */
import { type MessagePort, type Transferable, Worker } from 'node:worker_threads';
import type { AppVersion, ControlAnswer, ControlRequest, FromThread, LogRecord, ThreadOptions, ToThread } from '../engine/protocol.ts';
import { WeftError } from '../model/errors.ts';
import type { ListenAt } from './ingress/index.ts';
import type { ThreadReport } from './metrics.ts';

export interface WorkerEvents {
  log(records: readonly LogRecord[]): void;
  control(id: number, request: ControlRequest): void;
  controlClosed(id: number): void;
  /** Once. `asked`: it was told to close. */
  ended(reason: string, asked: boolean): void;
}

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: WeftError) => void;
}

export class EngineWorker {
  readonly thread: number;
  /** Where it takes handed connections; empty when it shares the port. */
  readonly path: string;
  readonly #worker: Worker;
  readonly #events: WorkerEvents;
  readonly #deploys = new Map<string, Waiter<void>>();
  readonly #reports = new Map<number, Waiter<ThreadReport>>();
  #listening: Waiter<number> | undefined;
  #nextId = 0;
  #asked = false;
  #over = false;
  #reason = '';
  readonly #ended = Promise.withResolvers<void>();

  constructor(options: ThreadOptions, events: WorkerEvents) {
    this.thread = options.thread;
    this.path = options.listen.kind === 'handed' ? options.listen.path : '';
    this.#events = events;
    this.#worker = new Worker(new URL('./thread-main.ts', import.meta.url), {
      workerData: options,
      name: `weft engine ${options.thread}`,
      // Node would close every number it ever opened there by name, when the thread ends: of those that became sockets and are long
      // closed, somebody else in this process may have the number now.
      trackUnmanagedFds: false,
    });
    this.#worker.on('message', (message: FromThread) => this.#handle(message));
    this.#worker.on('error', (error: Error) => {
      this.#reason = error.stack ?? error.message;
    });
    this.#worker.on('exit', (code) => this.#end(this.#reason || `exit code ${code}`));
  }

  /** @throws WeftError the refusal, or WEFT_THREAD_LOST */
  deploy(version: AppVersion): Promise<void> {
    return this.#wait((waiter) => {
      this.#deploys.set(keyOf(version), waiter);
      this.#post({ type: 'deploy', version });
    });
  }

  remove(app: string): void {
    this.#post({ type: 'remove', app });
  }

  scale(name: string, contexts: number): void {
    this.#post({ type: 'scale', function: name, contexts });
  }

  connect(thread: number, port: MessagePort): void {
    this.#post({ type: 'peer', thread, port }, [port]);
  }

  /** The port. @throws WeftError WEFT_LISTEN, WEFT_THREAD_LOST */
  listen({ host, port }: ListenAt): Promise<number> {
    return this.#wait((waiter) => {
      this.#listening = waiter;
      this.#post({ type: 'listen', host, port });
    });
  }

  report(): Promise<ThreadReport> {
    return this.#wait((waiter) => {
      const id = this.#nextId++;
      this.#reports.set(id, waiter);
      this.#post({ type: 'metrics', id });
    });
  }

  answer(id: number, answer: ControlAnswer): void {
    this.#post({ type: 'control-answer', id, answer });
  }

  piece(id: number, piece: Uint8Array | null): void {
    this.#post({ type: 'control-piece', id, piece });
  }

  /** Lets requests end for at most so long; may be called again with less patience. */
  close(drainMs: number): Promise<void> {
    this.#asked = true;
    this.#post({ type: 'close', drainMs });
    return this.#ended.promise;
  }

  /** At once, with all that runs in it. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #handle(message: FromThread): void {
    switch (message.type) {
      case 'listening':
        this.#listening?.resolve(message.port);
        break;
      case 'not-listening':
        this.#listening?.reject(new WeftError(message.error.code, message.error.details));
        break;
      case 'deployed':
        take(this.#deploys, keyOf(message))?.resolve();
        break;
      case 'refused':
        take(this.#deploys, keyOf(message))?.reject(new WeftError(message.error.code, message.error.details));
        break;
      case 'metrics':
        take(this.#reports, message.id)?.resolve({ metrics: message.metrics, ingress: message.ingress });
        break;
      case 'log':
        this.#events.log(message.records);
        break;
      case 'control':
        this.#events.control(message.id, message.request);
        break;
      case 'control-closed':
        this.#events.controlClosed(message.id);
        break;
      case 'retired':
      case 'closed':
        break;
    }
  }

  #wait<T>(ask: (waiter: Waiter<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#over) reject(this.#lost());
      else ask({ resolve, reject });
    });
  }

  #post(message: ToThread, transfer: readonly Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #end(reason: string): void {
    this.#over = true;
    this.#reason = reason;
    const waiters = [...this.#deploys.values(), ...this.#reports.values(), ...(this.#listening ? [this.#listening] : [])];
    this.#deploys.clear();
    this.#reports.clear();
    for (const waiter of waiters) waiter.reject(this.#lost());
    this.#ended.resolve();
    this.#events.ended(reason, this.#asked);
  }

  #lost(): WeftError {
    return new WeftError('WEFT_THREAD_LOST', { reason: this.#reason.split('\n')[0] ?? '' });
  }
}

function keyOf({ app, version }: { readonly app: string; readonly version: number }): string {
  return `${app}/${version}`;
}

function take<K, V>(map: Map<K, V>, key: K): V | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}
