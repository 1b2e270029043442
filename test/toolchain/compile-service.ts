/**
 * The build daemon that all files of tests share, each of which is a process: a compiler that is loaded anew takes seconds until it is
 * fast. The test run starts it; it ends when its standard input does. On its socket a connection carries one task.
 */
import { createServer, type Socket } from 'node:net';
import { WeftError } from '../../src/model/errors.ts';
import { Daemon } from '../../src/toolchain/daemon/client.ts';
import type { Task, TaskResult } from '../../src/toolchain/daemon/messages.ts';
import { received, send } from './messages.ts';

class ServedDaemon extends Daemon {
  serve(task: Task, signal: AbortSignal): Promise<TaskResult> {
    return this.run(task, signal);
  }
}

const daemon = new ServedDaemon();
const [path] = process.argv.slice(2);

createServer((socket) => void serve(socket)).listen(path, () => process.stdout.write('listening\n'));
process.stdin.resume().on('end', () => {
  daemon.close();
  process.exit(0);
});

/** Whoever is gone wants nothing any more: its task is cancelled. */
async function serve(socket: Socket): Promise<void> {
  const gone = new AbortController();
  socket.on('error', () => {}).on('close', () => gone.abort());
  try {
    const task = (await received(socket)) as Task;
    send(socket, await daemon.serve(task, gone.signal).catch(asResult));
  } catch {
    socket.destroy();
  }
}

function asResult(cause: unknown): TaskResult {
  if (cause instanceof WeftError) return { kind: 'error', code: cause.code, details: cause.details };
  return { kind: 'broken', reason: String(cause) };
}
