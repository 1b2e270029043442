/** Where tests compile: in the daemon that the test run shares, or in one of their own when a file is run alone. */
import { createConnection } from 'node:net';
import { WeftError } from '../../src/model/errors.ts';
import { Daemon } from '../../src/toolchain/daemon/client.ts';
import type { LlvmResult, Task, TaskResult, VirtualFiles } from '../../src/toolchain/daemon/messages.ts';
import { parseCommands } from '../../src/toolchain/driver-plan.ts';
import { received, send } from './messages.ts';

const SERVICE = process.env['WEFT_TEST_COMPILERS'];

class SharedDaemon extends Daemon {
  readonly #path: string;
  readonly #closing = new AbortController();

  constructor(path: string) {
    super();
    this.#path = path;
  }

  override close(): void {
    this.#closing.abort();
  }

  protected override async run(task: Task, signal: AbortSignal): Promise<TaskResult> {
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    ended.throwIfAborted();
    const socket = createConnection(this.#path);
    const cancel = (): unknown => socket.destroy();
    ended.addEventListener('abort', cancel);
    try {
      send(socket, task);
      const result = (await received(socket)) as TaskResult;
      if (result.kind === 'error') throw new WeftError(result.code, result.details);
      if (result.kind === 'broken') throw new WeftError('WEFT_COMPILER_DIED', { reason: result.reason });
      return result;
    } catch (cause) {
      ended.throwIfAborted();
      throw cause;
    } finally {
      ended.removeEventListener('abort', cancel);
      socket.destroy();
    }
  }
}

export const testDaemon = (): Daemon => (SERVICE === undefined ? new Daemon() : new SharedDaemon(SERVICE));

const never = new AbortController().signal;
let shared: Daemon | undefined;

/**
 * Runs a program of the embedded clang as its users do, over files that are all in memory.
 * @returns the file `made`, or what was printed @throws Error with what it wrote to standard error
 */
export async function runEmbedded(tool: string, args: readonly string[], files: VirtualFiles, made?: string): Promise<Uint8Array> {
  const there = new Map(files);
  let printed = '';
  for (const command of tool.startsWith('clang') ? await planned(tool, args, files) : [[tool, ...args]]) {
    const at = command.indexOf('-o');
    const output = at < 0 ? made : command[at + 1];
    const { stdout, outputs } = await run(command, [...there], output === undefined ? [] : [output]);
    printed += stdout;
    if (output !== undefined && outputs[0]) there.set(output, outputs[0]);
  }
  return made === undefined ? Buffer.from(printed) : (there.get(made) as Uint8Array); // a file that the command line names
}

/** What the driver would start as processes, which there are none of in WebAssembly. */
async function planned(driver: string, args: readonly string[], files: VirtualFiles): Promise<string[][]> {
  const { stdout, stderr } = await run([driver, '-###', ...args], files, []);
  return parseCommands(stdout + stderr).map((words) => (words.includes('-cc1') ? ['clang', ...words.slice(words.indexOf('-cc1'))] : words));
}

async function run(command: readonly string[], files: VirtualFiles, outputs: readonly string[]): Promise<LlvmResult> {
  shared ??= testDaemon();
  const result = await shared.llvm(command, files, outputs, never);
  if (!result.ok) throw new Error(result.stderr);
  return result;
}
