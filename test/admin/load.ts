/** Clients in a thread of their own: they ask until they are told to stop, and then tell how often they got which answer. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

export interface Load {
  /** Until so many more requests were answered. */
  answered(more: number): Promise<void>;
  /** Answers, as "status body" → how often. */
  stop(): Promise<ReadonlyMap<string, number>>;
}

interface Options {
  readonly url: string;
  readonly clients: number;
}

interface Shared extends Options {
  /** Word 0: answers so far. */
  readonly count: Int32Array;
}

/** So many requests at once, from when this returns. */
export async function startLoad(options: Options): Promise<Load> {
  const count = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { ...options, count } satisfies Shared });
  await once(worker, 'message');
  return {
    async answered(more) {
      const enough = Atomics.load(count, 0) + more;
      while (Atomics.load(count, 0) < enough) await sleep(1);
    },
    async stop() {
      worker.postMessage('stop');
      const [answers] = (await once(worker, 'message')) as [ReadonlyMap<string, number>]; // as sent below
      await worker.terminate();
      return answers;
    },
  };
}

async function run({ url, clients, count }: Shared): Promise<void> {
  const answers = new Map<string, number>();
  let over = false;
  parentPort?.once('message', () => {
    over = true;
  });
  const ask = async (): Promise<void> => {
    const answer = await fetch(url, { method: 'POST' }).then(
      async (response) => `${response.status} ${await response.text()}`,
      (error: Error) => `failed: ${error.message}`,
    );
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    Atomics.add(count, 0, 1);
  };
  const client = async (): Promise<void> => {
    while (!over) await ask();
  };
  const all = Array.from({ length: clients }, client);
  await ask();
  parentPort?.postMessage('under way');
  await Promise.all(all);
  parentPort?.postMessage(answers);
}

if (!isMainThread) await run(workerData as Shared); // as startLoad gave it
