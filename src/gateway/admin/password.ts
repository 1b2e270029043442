/** The admin's password: made at the first start, kept in the data folder for its owner alone. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../../registry/digest.ts';
import { unusable, writeDurably } from '../../registry/durable.ts';

export const ADMIN = 'admin';
const PASSWORD = 'password';
const PASSWORD_BYTES = 24;

/** The password of the data folder; a new one when it has none. @throws WeftError WEFT_FILE */
export async function keepPassword(dataDir: string): Promise<string> {
  const path = join(dataDir, PASSWORD);
  const kept = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return '';
    throw unusable(path, cause);
  });
  if (kept.trim() !== '') return kept.trim();
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  await writeDurably(path, `${password}\n`, join(dataDir, 'scratch'));
  return password;
}

/** Takes as long whatever is wrong (RFC 7617). */
export function isAdmin(authorization: string | undefined, password: string): boolean {
  const [, encoded = ''] = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization ?? '') ?? [];
  const given = Buffer.from(digestOf(Buffer.from(encoded, 'base64')), 'hex');
  const wanted = Buffer.from(digestOf(Buffer.from(`${ADMIN}:${password}`)), 'hex');
  return timingSafeEqual(given, wanted);
}
