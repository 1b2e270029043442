/** Waits until a server in a container listens. */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpServerClient } from '../http/client.ts';
import type { ServerAddress } from '../http/connection.ts';
import { isHealthy } from '../http/probe.ts';

const FIRST_PAUSE_MS = 5;
const CONNECT_MS = 2000;
const HEALTH_MS = 2000;
const LONGEST_PAUSE_MS = 250;
/** Docker's proxy accepts for a server that does not listen yet, and closes then. */
const STAYS_MS = 50;

/** Resolves when a connection is accepted, and kept. @throws the signal's reason */
export async function awaitConnection(address: ServerAddress & { kind: 'tcp' }, proxied: boolean, signal: AbortSignal): Promise<void> {
  await until(() => accepts(address, proxied), signal);
}

/** Resolves when a GET of the path is answered by 2xx. @throws the signal's reason */
export async function awaitHealth(client: HttpServerClient, path: string, signal: AbortSignal): Promise<void> {
  await until(() => isHealthy(client, path, HEALTH_MS), signal);
}

async function until(check: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  for (let pause = FIRST_PAUSE_MS; !(await check()); pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted();
    await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function accepts({ host, port }: ServerAddress & { kind: 'tcp' }, proxied: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => {
      if (!proxied) end(true);
      else setTimeout(() => end(true), STAYS_MS);
    });
    // A port that is filtered answers nothing at all.
    socket.setTimeout(CONNECT_MS, () => end(false));
    socket.once('error', () => end(false));
    socket.once('end', () => end(false));
    socket.resume();
  });
}
