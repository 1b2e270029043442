/** How a function is written, when nobody says: by the header that one of its sources includes; if by none, nothing. */
import type { ContractName } from '../model/app.ts';
import { readText } from './read-text.ts';

const MAX_SOURCE_BYTES = 4 * 2 ** 20;
const INCLUDE =
  /^[ \t]*#[ \t]*include[ \t]*[<"](weft\/v1\.hp{0,2}|faas\/worker_v1_interface\.h|google\/cloud\/functions\/\w+\.h|fn\/fdk\.hp{0,2})[>"]/m;
/** By the folder of the header. */
const CONTRACTS: Readonly<Record<string, ContractName>> = { weft: 'weft', faas: 'nightcore', google: 'functions-framework', fn: 'fn' };

export async function guessContract(sources: readonly string[]): Promise<ContractName | undefined> {
  for (const path of sources) {
    const file = await readText(path, MAX_SOURCE_BYTES);
    const [folder] = ('text' in file ? INCLUDE.exec(file.text)?.[1] : undefined)?.split('/') ?? [];
    if (folder !== undefined) return CONTRACTS[folder];
  }
  return undefined;
}
