/** The connection to a container engine that becomes a plain stream, and an engine that does not agree to that in time. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineConnection } from '../../src/drivers/container/engine-connection.ts';

const LIMIT_MS = 200;

async function withEngine(serve: (socket: Socket) => void, use: (connection: EngineConnection) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-hijack-'));
  const path = join(folder, 'engine.sock');
  const server = createServer(serve).listen(path);
  await once(server, 'listening');
  const connection = new EngineConnection({ where: path, address: { kind: 'unix', path }, tls: undefined });
  try {
    await use(connection);
  } finally {
    connection.close();
    server.close();
    await rm(folder, { recursive: true });
  }
}

test('an engine that does not answer is told of when its time is over', { timeout: 10_000 }, () =>
  withEngine(
    (socket) => void socket.resume().on('error', () => {}),
    async (connection) => {
      await assert.rejects(connection.hijack('/attach', LIMIT_MS), {
        code: 'WEFT_CONTAINER_ENGINE',
        message: /did not answer within 200 ms/,
      });
    },
  ),
);

test('a connection that was agreed to stays for longer than that', { timeout: 10_000 }, () =>
  withEngine(
    (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst');
        socket.on('data', (bytes) => socket.write(bytes));
      });
    },
    async (connection) => {
      const stream = await connection.hijack('/attach', LIMIT_MS);
      assert.equal(String((await once(stream, 'data'))[0]), 'first');
      await sleep(2 * LIMIT_MS);
      stream.write('still here');
      assert.equal(String((await once(stream, 'data'))[0]), 'still here');
      stream.destroy();
    },
  ),
);
