/** A server that answers POST with what it got (or, nginx, with as much), on a port of its own. */
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface Server {
  readonly name: string;
  readonly url: string;
  close(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on an address
  server.close();
  await once(server, 'close');
  return port;
}

const TRY_EVERY_MS = 20;
const GIVE_UP_AFTER_MS = 15_000;

/** Until it answers 200. */
export async function untilItAnswers(url: string): Promise<void> {
  const end = performance.now() + GIVE_UP_AFTER_MS;
  for (;;) {
    const answer = await fetch(url, { method: 'POST', body: 'x' }).catch((cause: unknown) => cause as Error); // fetch rejects with nothing else
    if (answer instanceof Response && answer.ok) {
      await answer.arrayBuffer();
      return;
    }
    if (performance.now() > end) throw new Error(`${url} does not answer: ${answer instanceof Response ? answer.status : answer.message}`);
    await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
  }
}
