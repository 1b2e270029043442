/** C and C++ programs compiled by the embedded clang as anyone would, and made into guests: what docs/guest-abi.md asks of a module. */
import binaryen from 'binaryen';
import { commands } from '@yowasp/clang';

const PAGES = 4;

/** A WASI command. @throws Error with what clang wrote. */
export async function program(source: string, language: 'c' | 'c++' = 'c'): Promise<Uint8Array<ArrayBuffer>> {
  const [file, driver] = language === 'c' ? (['main.c', 'clang'] as const) : (['main.cpp', 'clang++'] as const);
  let said = '';
  const stderr = (bytes: Uint8Array | null): void => {
    if (bytes) said += new TextDecoder().decode(bytes);
  };
  const link = ['-Wl,--import-memory', `-Wl,--initial-memory=${(language === 'c' ? PAGES : 4 * PAGES) * 65_536}`];
  try {
    const made = await commands[driver](
      ['-Wall', ...(language === 'c' ? ['-O1'] : ['-std=c++20', '-fno-exceptions']), ...link, file, '-o', 'out.wasm'],
      { [file]: source },
      { stderr, stdout: () => {}, fetchProgress: () => {} },
    );
    return asGuest(new Uint8Array(made?.['out.wasm'] as Uint8Array)); // named on the command line
  } catch (cause) {
    throw new Error(said || 'clang failed', { cause });
  }
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
