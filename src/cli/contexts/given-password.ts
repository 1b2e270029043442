/** A password as it is given to the command line: by standard input or in a file, never as a word that lists of processes show. */
import { WeftError } from '../../model/errors.ts';
import { PASSWORD } from './gateway-context.ts';

const MAX_BYTES = 4096;

/** One line. @throws WeftError WEFT_USAGE */
export async function passwordFromInput(input: NodeJS.ReadStream): Promise<string> {
  // What is typed would be seen, and stay on the screen.
  if (input.isTTY)
    throw refused('--password-stdin takes a password from a pipe or a file, such as: pass show weft | weft context create …');
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of input as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > MAX_BYTES) throw refused(`What came on standard input is longer than a password: ${MAX_BYTES} bytes are the most`);
  }
  const password = Buffer.concat(pieces)
    .toString()
    .replace(/\r?\n$/, '');
  if (password === '') throw refused('No password came on standard input');
  if (!PASSWORD.test(password)) throw refused('What came on standard input is not one line of text');
  return password;
}

/** @throws WeftError WEFT_USAGE, always */
export function refusePasswordAsWord(): never {
  throw refused(
    'A password cannot be given as an argument: lists of processes show it to everybody, and shells write it down. Give it with --password-stdin or --password-file',
  );
}

function refused(reason: string): WeftError {
  return new WeftError('WEFT_USAGE', { reason, command: 'weft context create --help' });
}
