/** C sources to modules: as Weft hosts them, and as they are linked, for other hosts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { instrument } from '../../src/toolchain/rewrite/index.ts';
import { type ContractName, toolchains } from '../../test/sdk/build.ts';

export interface Module {
  /** Linked, with nothing of the engine's in it. */
  readonly linked: Uint8Array<ArrayBuffer>;
  /** Path of the module that an engine thread hosts. */
  readonly path: string;
}

const dir = mkdtempSync(join(tmpdir(), 'weft-bench-'));
process.on('exit', () => rmSync(dir, { recursive: true }));
const toolchain = toolchains()[0];
const done = new Map<string, Promise<Module>>();

/** @param source path of a C file */
export function build(source: string, contract: ContractName = 'weft', flags: readonly string[] = []): Promise<Module> {
  const key = [source, contract, ...flags].join(' ');
  const made = done.get(key) ?? compile(source, contract, flags);
  done.set(key, made);
  return made;
}

async function compile(source: string, contract: ContractName, flags: readonly string[]): Promise<Module> {
  if (!toolchain) throw new Error('no toolchain');
  const linked = await toolchain.build({ contract, sources: { [basename(source)]: readFileSync(source, 'utf8') }, flags });
  const path = join(dir, `${done.size}-${basename(source)}.wasm`);
  writeFileSync(path, await instrument(linked, { optimize: true }));
  return { linked, path };
}
