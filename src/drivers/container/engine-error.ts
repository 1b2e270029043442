import { WeftError } from '../../model/errors.ts';

/** `where`: the engine's address, or the file or setting that should lead to it. */
export function engineError(where: string, reason: string, cause?: unknown): WeftError {
  return new WeftError('WEFT_CONTAINER_ENGINE', { where, reason }, { cause });
}
