/**
 * What a link with the system's clang ends with. Said in full, so that the compiler's own support library comes from the embedded
 * toolchain as well: distributions keep theirs for WebAssembly in a package apart.
 */
import { join } from 'node:path';
import type { Language } from './compiler.ts';

export function libraryFlags(sysroot: string, language: Language): string[] {
  const support = join(sysroot, 'lib/wasm32-unknown-wasip1/libclang_rt.builtins.a');
  return ['-nodefaultlibs', ...(language === 'c' ? [] : ['-lc++', '-lc++abi']), '-lc', support];
}
