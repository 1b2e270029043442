/** The compilers that all files of tests share: test/toolchain/compile-service.ts as a process, for as long as the tests run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './step.ts';

export interface CompileService extends AsyncDisposable {
  /** Of its socket. */
  readonly path: string;
}

export async function startCompileService(): Promise<CompileService> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-compilers-'));
  const path = join(folder, 'socket');
  const child = spawn(process.execPath, [join(ROOT, 'test/toolchain/compile-service.ts'), path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(([code]) => Promise.reject(new Error(`the compilers of the tests did not start: exit code ${code}`))),
  ]);
  return {
    path,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
