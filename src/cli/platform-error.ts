/** An error of the platform as it comes over HTTP (WeftError's JSON form), told from what a function answers. */
import { type ErrorCode, ERRORS } from '../model/errors.ts';
import type { Answer } from './function-request.ts';
import type { Terminal } from './terminal.ts';

/** More than this is not the platform's. */
const MAX_ERROR_BYTES = 64 * 1024;

export interface PlatformError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

export function platformError({ status, headers }: Answer, body: Buffer): PlatformError | undefined {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  if (status < 400 || type !== 'application/json' || body.length > MAX_ERROR_BYTES) return undefined;
  try {
    const { error } = JSON.parse(body.toString()) as { error?: Partial<PlatformError> }; // checked below
    const { code, message, hint } = error ?? {};
    return isErrorCode(code) && typeof message === 'string' && typeof hint === 'string' ? { code, message, hint } : undefined;
  } catch {
    return undefined;
  }
}

/** @returns the exit code */
export function reportPlatformError(terminal: Terminal, error: PlatformError): number {
  terminal.complain({ error }, `${terminal.paint('red', 'weft:')} ${error.message}\n  ${error.hint}`);
  return ERRORS[error.code].exit;
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code);
}
