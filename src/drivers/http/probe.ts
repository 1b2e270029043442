import { Ending } from '../../engine/ending.ts';
import { WeftError } from '../../model/errors.ts';
import type { HttpServerClient } from './client.ts';
import type { Received } from './connection.ts';

const NO_BYTES = new Uint8Array(0);

/** Whether a GET of the path is answered by 2xx, in so many milliseconds. Why not does not matter: it is not healthy. */
export function isHealthy(client: HttpServerClient, path: string, ms: number): Promise<boolean> {
  let status = 0;
  const receiver = {
    received: ({ head }: Received): 'more' => {
      status = head?.status ?? status;
      return 'more';
    },
    drained: () => Promise.resolve(),
  };
  const request = { method: 'GET', target: path, headers: [['Host', 'localhost']], body: NO_BYTES } as const;
  const ending = new Ending();
  const late = setTimeout(() => ending.end(new WeftError('WEFT_DEADLINE', { name: path, ms })), ms);
  return new Promise((resolve) => {
    client.send(request, receiver, ending, (failure) => {
      clearTimeout(late);
      resolve(!failure && status >= 200 && status < 300);
    });
  });
}
