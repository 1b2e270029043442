/**
 * The daemon's process: hands tasks to threads that keep the compiler loaded and warm. Threads of one process share the compiler's
 * machine code; this thread does no work, so that it hears at once when its parent is gone, whatever a compiler is busy with.
 */
import { availableParallelism, totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { FromDaemon, Task, TaskResult, ToDaemon } from './messages.ts';

interface Job {
  readonly id: number;
  readonly task: Task;
}

interface Thread {
  readonly worker: Worker;
  job: Job | undefined;
}

const BYTES_A_THREAD = 1024 ** 3;
const MAX_THREADS = Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / BYTES_A_THREAD)));

const queue: Job[] = [];
const threads = new Set<Thread>();

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToDaemon) => {
  if (message.type === 'run') queue.push({ id: message.id, task: message.task });
  else cancel(message.id);
  handOut();
});

function handOut(): void {
  for (let job = queue[0]; job !== undefined; job = queue[0]) {
    const thread = [...threads].find((one) => one.job === undefined) ?? (threads.size < MAX_THREADS ? newThread() : undefined);
    if (!thread) return;
    queue.shift();
    thread.job = job;
    thread.worker.postMessage(job.task);
  }
}

function newThread(): Thread {
  const thread: Thread = { worker: new Worker(new URL('./thread.ts', import.meta.url)), job: undefined };
  threads.add(thread);
  thread.worker.on('message', (result: TaskResult) => {
    if (result.kind === 'broken') drop(thread);
    answer(thread, result);
  });
  thread.worker.on('error', (cause) => {
    drop(thread);
    answer(thread, { kind: 'broken', reason: cause instanceof Error ? cause.message : String(cause) });
  });
  return thread;
}

function answer(thread: Thread, result: TaskResult): void {
  const { job } = thread;
  thread.job = undefined;
  if (job) process.send?.({ id: job.id, result } satisfies FromDaemon);
  handOut();
}

/** Who cancels waits for no answer. A thread in the middle of a compilation can only be ended. */
function cancel(id: number): void {
  const waiting = queue.findIndex((job) => job.id === id);
  if (waiting >= 0) queue.splice(waiting, 1);
  for (const thread of threads) {
    if (thread.job?.id !== id) continue;
    thread.job = undefined;
    drop(thread);
  }
}

function drop(thread: Thread): void {
  threads.delete(thread);
  void thread.worker.terminate();
}
