import { basename } from 'node:path';
import { type CompileJob, CompilerFailure } from './compiler.ts';
import type { ObjectFile, Objects } from './objects.ts';

/** All are tried, so that the author sees every mistake at once. */
export async function compileAll(
  jobs: readonly CompileJob[],
  objects: Pick<Objects, 'get'>,
  signal: AbortSignal,
  onProgress: (step: string) => void,
): Promise<ObjectFile[]> {
  const results = await Promise.allSettled(
    jobs.map((job) => objects.get(job, signal, () => onProgress(`compiling ${basename(job.source)}`))),
  );
  const outputs: string[] = [];
  for (const result of results) {
    if (result.status === 'fulfilled') continue;
    if (!(result.reason instanceof CompilerFailure)) throw asError(result.reason);
    outputs.push(result.reason.output);
  }
  if (outputs.length > 0) throw new CompilerFailure(outputs.join(''));
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));
