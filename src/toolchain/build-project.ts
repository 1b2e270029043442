/** A project with a build system of its own → linked module. */
import type { BuildSpec, ContractName } from '../model/app.ts';
import { WeftError } from '../model/errors.ts';
import type { Linkable } from './build-sources.ts';
import type { Compiler } from './compiler.ts';
import type { GuestRuntime } from './guest-runtime.ts';
import type { LinkDescription } from './link-description.ts';

export async function buildProject(
  { compiler }: { compiler: Compiler; runtime: GuestRuntime; description: LinkDescription; cacheDir: string },
  spec: Extract<BuildSpec, { kind: 'cmake' | 'make' }>,
  _contract: ContractName,
  _running: { signal: AbortSignal; onProgress: (step: string) => void },
): Promise<Linkable> {
  throw new WeftError('WEFT_TOOLCHAIN_MISSING', { what: spec.kind, reason: compiler.kind, install: '' });
}
