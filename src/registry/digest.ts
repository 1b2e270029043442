/** Contents are named by their SHA-256, in hexadecimal. */
import { hash } from 'node:crypto';

export type Digest = string;

export const DIGEST = /^[0-9a-f]{64}$/;

export function digestOf(content: Uint8Array): Digest {
  return hash('sha256', content, 'hex');
}
