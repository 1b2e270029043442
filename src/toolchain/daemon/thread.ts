/** One thread of the daemon: does one task at a time. */
import { parentPort } from 'node:worker_threads';
import type { Tree } from '@yowasp/clang';
import { WeftError } from '../../model/errors.ts';
import { instrument } from '../rewrite/index.ts';
import { stackNeed } from '../rewrite/stack-need.ts';
import { type LlvmResult, STDOUT, type Task, type TaskResult, type VirtualFiles } from './messages.ts';

parentPort?.on('message', (task: Task) => {
  void perform(task).then((result) => parentPort?.postMessage(result));
});

async function perform(task: Task): Promise<TaskResult> {
  try {
    return await resultOf(task);
  } catch (cause) {
    if (cause instanceof WeftError) return { kind: 'error', code: cause.code, details: cause.details };
    return { kind: 'broken', reason: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) };
  }
}

async function resultOf(task: Task): Promise<TaskResult> {
  switch (task.kind) {
    case 'llvm':
      return { kind: 'llvm', result: await runLlvm(task.args, task.files, task.outputs) };
    case 'instrument':
      return { kind: 'instrument', wasm: await instrument(task.wasm, task) };
    case 'stack-need':
      return { kind: 'stack-need', need: stackNeed(task.wasm, task.stackBytes) };
  }
}

/** Loaded when first needed: half a second, and 400 MB. */
async function runLlvm(args: readonly string[], files: VirtualFiles, outputs: readonly string[]): Promise<LlvmResult> {
  const { runLLVM, Exit } = await import('@yowasp/clang');
  const [stdout, stderr] = [new Printed(), new Printed()];
  const streams = { stdout: stdout.take, stderr: stderr.take, fetchProgress: () => {}, decodeASCII: false };
  try {
    const made = (await runLLVM([...args], treeOf(files), streams)) ?? {};
    const outputOf = (path: string): Uint8Array | undefined => (path === STDOUT ? stdout.bytes() : fileIn(made, path));
    // What it printed is text, unless it was asked for as an output.
    const text = outputs.includes(STDOUT) ? '' : stdout.read();
    return { ok: true, stdout: text, stderr: stderr.read(), outputs: outputs.map(outputOf) };
  } catch (cause) {
    if (cause instanceof Exit) return { ok: false, stdout: stdout.read(), stderr: stderr.read(), outputs: [] };
    if (!(cause instanceof WebAssembly.RuntimeError)) throw cause;
    // The compiler ran into one of its own assertions, or out of memory: its last words are all there is.
    return { ok: false, stdout: '', stderr: `${stderr.read()}clang: error: the compiler crashed (${cause.message})\n`, outputs: [] };
  }
}

class Printed {
  readonly #pieces: Uint8Array[] = [];
  readonly take = (bytes: Uint8Array | null): void => {
    if (bytes) this.#pieces.push(bytes.slice());
  };
  bytes(): Uint8Array | undefined {
    return this.#pieces.length === 0 ? undefined : Buffer.concat(this.#pieces);
  }
  read(): string {
    return Buffer.concat(this.#pieces).toString('utf8');
  }
}

function treeOf(files: VirtualFiles): Tree {
  const root: Tree = {};
  for (const [path, content] of files) {
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    const name = parts.pop() ?? '';
    let folder = root;
    for (const part of parts) {
      const next = folder[part];
      folder = typeof next === 'object' && !(next instanceof Uint8Array) ? next : (folder[part] = {});
    }
    folder[name] = content;
  }
  return root;
}

function fileIn(tree: Tree, path: string): Uint8Array | undefined {
  let found: Tree | string | Uint8Array | undefined = tree;
  for (const part of path.split('/').filter((name) => name !== '')) {
    if (typeof found !== 'object' || found instanceof Uint8Array) return undefined;
    found = found[part];
  }
  return found instanceof Uint8Array ? found : undefined;
}
