/** The shared memory between engine threads and their watchdog, and the watchdog itself. */
import { Worker } from 'node:worker_threads';
import { controlWords, createControl, INTERRUPT, PREEMPTED, RUNNING_NOW } from '../engine/control.ts';

export class ThreadControls {
  readonly memories: readonly WebAssembly.Memory[];
  readonly #failed: (reason: string) => void;
  #watchdog: Worker;
  #closed = false;

  constructor(threads: number, failed: (reason: string) => void) {
    this.memories = Array.from({ length: threads }, createControl);
    this.#failed = failed;
    this.#watchdog = this.#watch();
  }

  /** A thread that died may have been in a function; its successor is not. */
  reset(thread: number): void {
    const memory = this.memories[thread];
    if (memory) for (const word of [INTERRUPT, RUNNING_NOW, PREEMPTED]) Atomics.store(controlWords(memory), word, 0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#watchdog.terminate();
  }

  #watch(): Worker {
    const controls = this.memories;
    const watchdog = new Worker(new URL('../engine/watchdog.ts', import.meta.url), { workerData: { controls }, name: 'weft watchdog' });
    let reason = '';
    watchdog.on('error', (error: Error) => {
      reason = error.message;
    });
    watchdog.on('exit', () => {
      if (this.#closed) return;
      this.#failed(reason);
      this.#watchdog = this.#watch();
    });
    return watchdog;
  }
}
