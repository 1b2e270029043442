/** Answers of stdio programs as bytes. */
import type { ProgramEnd } from '../../drivers/wire.ts';
import { Failure, type Input } from '../../engine/contract.ts';
import type { FunctionSettings } from '../../model/app.ts';
import { headerIn } from '../head.ts';
import { lastOf } from './exit.ts';

const encoder = new TextEncoder();
const DEFAULT_TYPE = 'text/plain';

export const textBytes = (text: string): Uint8Array => encoder.encode(text);

/** The latest: most answers of a thread have the same type as the one before. */
let latest = { type: '', line: textBytes('') };

/** Content type as the manifest has it, else that of the request, as the classic watchdog does. */
export function typeLine({ contentType }: FunctionSettings, { head }: Input): Uint8Array {
  const type = contentType ?? headerIn(head, 'content-type') ?? DEFAULT_TYPE;
  if (latest.type !== type) latest = { type, line: textBytes(`Content-Type: ${type}\r\n`) };
  return latest.line;
}

/** A failure whose output the client does not get: nothing is lost, the log keeps the last of it. */
export function failureWithout(reason: string, { stdout }: ProgramEnd, answer: Failure['answer']): Failure {
  return new Failure(stdout.length === 0 ? reason : `${reason}; printed, and not answered: ${lastOf(stdout)}`, answer);
}
