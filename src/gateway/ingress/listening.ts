/** What the two listeners share: how they start, why that may fail, and how they turn a client away. */
import type { ListenOptions, Server, Socket } from 'node:net';
import { WeftError } from '../../model/errors.ts';

/** Connections the kernel holds for a thread that is busy; it cuts this to its own limit. */
const BACKLOG = 4096;

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there',
  EACCES: 'this user may not',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
};

/** The port, or 0 for a local socket. */
export async function startListening(server: Server, where: ListenOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  }).catch((cause: NodeJS.ErrnoException) => {
    const reason = REASONS[cause.code ?? ''] ?? cause.message;
    throw new WeftError('WEFT_LISTEN', { where: where.path ?? `${where.host}:${where.port}`, reason }, { cause });
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Says why and closes at once: nothing is kept for this client, which is paused. */
export function turnAway(client: Socket, reason: string): void {
  const body = `${JSON.stringify(new WeftError('WEFT_BUSY', { reason }))}\n`;
  const head = `HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
  client.on('error', () => {});
  client.resume(); // what it has sent already, left unread, would reset the connection before the answer is read
  client.end(head + body, () => client.destroy());
}
