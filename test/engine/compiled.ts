/** Functions in C as their authors write them: compiled against the SDK and made hostable. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { instrument } from '../../src/toolchain/rewrite/index.ts';
import { type ContractName, toolchains } from '../sdk/build.ts';

/** The fastest there is; that both give the same is proven elsewhere. */
const [toolchain] = toolchains();

export async function compiled(source: string, contract: ContractName = 'weft'): Promise<Uint8Array<ArrayBuffer>> {
  if (!toolchain) throw new Error('no toolchain');
  return instrument(await toolchain.build({ contract, sources: { 'f.c': source } }), { optimize: false });
}

/** A function of `functions/`. */
export function compiledFile(name: string, contract: ContractName = 'weft'): Promise<Uint8Array<ArrayBuffer>> {
  return compiled(readFileSync(join(import.meta.dirname, 'functions', name), 'utf8'), contract);
}
