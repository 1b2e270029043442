import { readFile } from 'node:fs/promises';
import { WeftError } from '../model/errors.ts';
import { regularFile } from './regular-file.ts';

/** @throws WeftError WEFT_SOURCE_REFUSED */
export async function readInput(path: string, maxBytes: number): Promise<Buffer> {
  const info = regularFile(path);
  if (!info) throw refusedSource(path, 'there is no such file');
  if (info.size > maxBytes) throw refusedSource(path, `it is larger than ${maxBytes} bytes`);
  return readFile(path).catch((cause: unknown) => {
    throw refusedSource(path, cause instanceof Error ? cause.message : String(cause), cause);
  });
}

export function refusedSource(path: string, reason: string, cause?: unknown): WeftError {
  return new WeftError('WEFT_SOURCE_REFUSED', { path, reason }, { cause });
}
