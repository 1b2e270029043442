/** Clients in a thread of their own: they ask until they are told to stop, and then tell how often they got which answer. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

export interface Load {
  /** Answers, as "status body" → how often. */
  stop(): Promise<ReadonlyMap<string, number>>;
}

interface Options {
  readonly url: string;
  readonly clients: number;
}

/** So many requests at once, from when this returns. */
export async function startLoad(options: Options): Promise<Load> {
  const worker = new Worker(new URL(import.meta.url), { workerData: options });
  await once(worker, 'message');
  return {
    async stop() {
      worker.postMessage('stop');
      const [answers] = (await once(worker, 'message')) as [ReadonlyMap<string, number>]; // as sent below
      await worker.terminate();
      return answers;
    },
  };
}

async function run({ url, clients }: Options): Promise<void> {
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

if (!isMainThread) await run(workerData as Options); // as startLoad gave it
