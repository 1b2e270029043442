/** Compiles C for these tests with every compiler there is: the embedded clang, and the system's where it links for WASI. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands } from '@yowasp/clang';

export interface Compiler {
  readonly name: string;
  /** @throws Error with what clang wrote. */
  compile(source: string, flags?: readonly string[], file?: string): Promise<Uint8Array<ArrayBuffer>>;
}

const REACTOR = ['-O2', '-mexec-model=reactor'];

const embedded: Compiler = {
  name: 'embedded clang',
  async compile(source, flags = [], file = 'source.c') {
    let said = '';
    const stderr = (bytes: Uint8Array | null): void => {
      if (bytes) said += new TextDecoder().decode(bytes);
    };
    const driver = commands[file.endsWith('.cpp') ? 'clang++' : 'clang'];
    try {
      const out = await driver([...REACTOR, ...flags, file, '-o', 'out.wasm'], { [file]: source }, { stderr, fetchProgress: () => {} });
      return new Uint8Array(out?.['out.wasm'] as Uint8Array); // the file that the command line names
    } catch (cause) {
      throw new Error(said, { cause });
    }
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
