/** Functions in C as their authors write them: compiled against the SDK and made hostable. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { instrument } from '../../src/toolchain/rewrite/index.ts';
import { type ContractName, toolchains } from '../sdk/build.ts';

/** One will do; that all give the same is proven elsewhere. */
const [toolchain] = toolchains();

interface Options {
  readonly contract?: ContractName;
  readonly flags?: readonly string[];
  /** Name of the source, which tells the language. */
  readonly file?: string;
}

export async function compiled(
  source: string,
  { contract = 'weft', flags = [], file = 'f.c' }: Options = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (!toolchain) throw new Error('no toolchain');
  return instrument(await toolchain.build({ contract, flags, sources: { [file]: source } }), { optimize: false });
}

/** A function of `functions/`. */
export function compiledFile(name: string, options?: Options): Promise<Uint8Array<ArrayBuffer>> {
  return compiled(readFileSync(join(import.meta.dirname, 'functions', name), 'utf8'), options);
}
