/** A native program or library that was built elsewhere. */
import { readFile } from 'node:fs/promises';
import { WeftError } from '../../model/errors.ts';
import { hashOf, keyOf } from '../hash.ts';
import type { NativeArtifact } from '../index.ts';
import { regularFile } from '../regular-file.ts';

const MAX_BYTES = 1024 ** 3;
const ELF = [0x7f, 0x45, 0x4c, 0x46];
const SCRIPT = [0x23, 0x21];

/** @throws WeftError WEFT_SOURCE_REFUSED */
export async function readExecutable(path: string): Promise<NativeArtifact> {
  const refused = (reason: string): WeftError => new WeftError('WEFT_SOURCE_REFUSED', { path, reason });
  const info = regularFile(path);
  if (!info) throw refused('there is no such file');
  if (info.size > MAX_BYTES) throw refused(`it is larger than ${MAX_BYTES} bytes`);
  const executable = new Uint8Array(await readFile(path));
  if (![ELF, SCRIPT].some((magic) => magic.every((byte, at) => executable[at] === byte)))
    throw refused('it is neither an ELF file nor a script that begins with #!');
  return {
    executable,
    key: keyOf('executable', hashOf(executable)),
    cached: true,
    warnings: '',
    toolchain: 'built elsewhere',
    inputs: [path],
  };
}
