/** C and C++ programs compiled by the embedded clang as anyone would, and made into guests: what docs/guest-abi.md asks of a module. */
import binaryen from 'binaryen';
import { runEmbedded } from '../toolchain/compilers.ts';

const PAGES = 4;

/** A WASI command. @throws Error with what clang wrote. */
export async function program(source: string, language: 'c' | 'c++' = 'c'): Promise<Uint8Array<ArrayBuffer>> {
  const [file, driver] = language === 'c' ? (['main.c', 'clang'] as const) : (['main.cpp', 'clang++'] as const);
  const link = ['-Wl,--import-memory', `-Wl,--initial-memory=${(language === 'c' ? PAGES : 4 * PAGES) * 65_536}`];
  const dialect = language === 'c' ? ['-O1'] : ['-std=c++20', '-fno-exceptions'];
  const args = ['-Wall', ...dialect, ...link, file, '-o', 'out.wasm'];
  return asGuest(new Uint8Array(await runEmbedded(driver, args, [[file, Buffer.from(source)]], 'out.wasm')));
}

/** Exports the mutable globals, and says in a section of its own what the module is. */
function asGuest(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const module = binaryen.readBinary(wasm);
  try {
    let exported = 0;
    for (let i = 0; i < module.getNumGlobals(); i++) {
      const { name, mutable, module: importedFrom } = binaryen.getGlobalInfo(module.getGlobalByIndex(i));
      if (mutable && !importedFrom) module.addGlobalExport(name, `weft_global_${exported++}`);
    }
    const memory = WebAssembly.Module.imports(new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>)).find(
      ({ kind }) => kind === 'memory',
    );
    if (memory?.module !== 'env' || memory.name !== 'memory') throw new Error('the program does not import its memory');
    const pages = module.getMemoryInfo().initial;
    module.addCustomSection('weft.abi', new TextEncoder().encode(JSON.stringify({ abi: 1, toolchain: 'test', checks: false, pages })));
    return new Uint8Array(module.emitBinary());
  } finally {
    module.dispose();
  }
}
