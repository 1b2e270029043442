/**
 * What an engine thread's worker runs: an engine and an ingress side by side, told by the control thread what to serve.
 * Started with `ThreadOptions` as workerData; ends after `close`, or with its worker.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { CONTRACTS } from '../contracts/index.ts';
import { createDrivers } from '../drivers/index.ts';
import type { FromThread, ThreadOptions, ToThread } from '../engine/protocol.ts';
import { EngineThread } from '../engine/thread.ts';
import { WeftError } from '../model/errors.ts';
import { ControlRequests } from './control-requests.ts';
import { createIngress, type Ingress, type ListenAt } from './ingress/index.ts';

class ThreadMain {
  readonly #control: MessagePort;
  readonly #engine: EngineThread;
  readonly #requests: ControlRequests;
  readonly #ingress: Ingress;
  /** Deploys and removals, strictly one after the other. */
  #changes: Promise<void> = Promise.resolve();

  constructor(control: MessagePort, options: ThreadOptions) {
    this.#control = control;
    const report = (message: FromThread): void => control.postMessage(message);
    const { thread, threads, controls, listen, cacheDir } = options;
    const drivers = createDrivers(async () => (await import('../contracts/wires.ts')).WIRES, { cacheDir });
    this.#engine = new EngineThread({ thread, threads, controls, contracts: CONTRACTS, drivers, report });
    this.#requests = new ControlRequests(report);
    this.#ingress = createIngress(
      {
        dispatcher: this.#engine,
        control: (request, client) => this.#requests.forward(request, client),
        badResponse: (route, error) => this.#engine.log(route.name, 'error', error.message),
      },
      listen,
    );
    this.#engine.runtime.beforeSlice = () => this.#ingress.flush();
    control.on('message', (message: ToThread) => this.#handle(message));
  }

  #handle(message: ToThread): void {
    switch (message.type) {
      case 'listen':
        void this.#listen(message);
        break;
      case 'deploy':
        this.#changes = this.#changes.then(() => this.#engine.deploy(message.version));
        break;
      case 'remove':
        this.#changes = this.#changes.then(() => this.#engine.remove(message.app));
        break;
      case 'scale':
        this.#engine.scale(message.function, message.contexts);
        break;
      case 'metrics':
        this.#control.postMessage({
          type: 'metrics',
          id: message.id,
          metrics: this.#engine.metrics(),
          ingress: this.#ingress.metrics,
        } satisfies FromThread);
        break;
      case 'control-answer':
        this.#requests.answer(message.id, message.answer);
        break;
      case 'control-piece':
        this.#requests.piece(message.id, message.piece);
        break;
      case 'peer':
        this.#engine.peers.connect(message.thread, message.port);
        break;
      case 'close':
        void this.#close(message.drainMs);
        break;
    }
  }

  async #listen(where: ListenAt): Promise<void> {
    try {
      this.#control.postMessage({ type: 'listening', port: await this.#ingress.listen(where) } satisfies FromThread);
    } catch (cause) {
      const error = cause instanceof WeftError ? cause : new WeftError('WEFT_INTERNAL', { reason: String(cause) }, { cause });
      this.#control.postMessage({ type: 'not-listening', error: { code: error.code, details: error.details } } satisfies FromThread);
    }
  }

  async #close(drainMs: number): Promise<void> {
    await this.#ingress.close(drainMs);
    await this.#engine.close();
    this.#control.postMessage({ type: 'closed' } satisfies FromThread);
    // What is left (a function that waits, an idle connection of outbound HTTP) has nobody to answer to.
    setImmediate(() => process.exit(0));
  }
}

if (parentPort === null) throw new TypeError('this file is the entry of a worker thread');
new ThreadMain(parentPort, workerData as ThreadOptions);
