/** Whether somebody else listens on a port. Threads that share it would not notice. */
import { createServer } from 'node:net';
import { type ListenAt, startListening } from './ingress/index.ts';

/** @throws WeftError WEFT_LISTEN */
export async function refuseTakenPort(where: ListenAt): Promise<void> {
  const server = createServer();
  await startListening(server, { host: where.host, port: where.port });
  await new Promise((resolve) => server.close(resolve));
}

/** Where the platform answers, as its own machine reaches it. */
export function urlOf({ host, port }: ListenAt): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** Only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
