/** Compiles C for these tests with every compiler there is: the embedded clang, and the system's where it links for WASI. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runEmbedded } from '../toolchain/compilers.ts';

export interface Compiler {
  readonly name: string;
  /** @throws Error with what clang wrote. */
  compile(source: string, flags?: readonly string[], file?: string): Promise<Uint8Array<ArrayBuffer>>;
}

const REACTOR = ['-O2', '-mexec-model=reactor'];

const embedded: Compiler = {
  name: 'embedded clang',
  async compile(source, flags = [], file = 'source.c') {
    const driver = file.endsWith('.cpp') ? 'clang++' : 'clang';
    const wasm = await runEmbedded(driver, [...REACTOR, ...flags, file, '-o', 'out.wasm'], [[file, Buffer.from(source)]], 'out.wasm');
    return new Uint8Array(wasm);
  },
};

const system: Compiler = {
  name: 'system clang',
  async compile(source, flags = [], file = 'source.c') {
    const dir = mkdtempSync(join(tmpdir(), 'weft-rewrite-'));
    try {
      writeFileSync(join(dir, file), source);
      const driver = file.endsWith('.cpp') ? 'clang++-19' : 'clang-19';
      const args = ['--target=wasm32-wasi', ...REACTOR, ...flags, file, '-o', 'out.wasm'];
      const { status, stderr, error } = spawnSync(driver, args, { cwd: dir });
      if (error) throw error;
      if (status !== 0) throw new Error(stderr.toString());
      return new Uint8Array(readFileSync(join(dir, 'out.wasm')));
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
};

export const compilers: readonly Compiler[] = spawnSync('wasm-ld-19', ['--version']).status === 0 ? [embedded, system] : [embedded];
