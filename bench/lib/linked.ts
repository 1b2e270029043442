/** The echo example linked with the guest runtime and nothing more done to it: what a host other than Weft can run. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { loadClang } from './load-clang.ts';
import { toolchains } from '../../test/sdk/build.ts';

/** @param source path of a C file that implements the contract weft */
export async function link(source: string): Promise<Uint8Array> {
  await loadClang();
  const [toolchain] = toolchains();
  if (!toolchain) throw new Error('the embedded toolchain is missing');
  return toolchain.build({ contract: 'weft', sources: { [basename(source)]: readFileSync(source, 'utf8') } });
}
