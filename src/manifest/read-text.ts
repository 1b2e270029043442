/** Text that somebody else wrote: bounded, and UTF-8. */
import { constants, open } from 'node:fs/promises';

export const MAX_MANIFEST_BYTES = 256 * 1024;

export type TextFile = { readonly text: string } | { readonly problem: string };

/** The whole file, or why it cannot be used. Never reads more than `limit` bytes, nor waits on a pipe. */
export async function readText(path: string, limit: number): Promise<TextFile> {
  try {
    const bytes = await readBounded(path, limit);
    if (typeof bytes === 'string') return { problem: bytes };
    return decode(bytes);
  } catch (error) {
    return { problem: reasonOf(error) };
  }
}

/** Why the system refused, in words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'its path is too long for a file system',
  ERR_INVALID_ARG_VALUE: 'its path has a NUL in it',
};

async function readBounded(path: string, limit: number): Promise<Uint8Array | string> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (!(await file.stat()).isFile()) return 'it is not a file';
  const buffer = new Uint8Array(limit + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
  }
  return `it is larger than ${limit / 1024} KiB`;
}

function decode(bytes: Uint8Array): TextFile {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { problem: `it is not UTF-8 (line ${lineOfFirstFault(bytes)})` };
  }
}

/** Decoding replaces what is not UTF-8; the first replacement that re-encodes to other bytes is the place. */
function lineOfFirstFault(bytes: Uint8Array): number {
  const encoded = new TextEncoder().encode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  const fault = encoded.findIndex((byte, at) => byte !== bytes[at]);
  return bytes.subarray(0, fault).reduce((lines, byte) => lines + (byte === 0x0a ? 1 : 0), 1);
}
