/** The system's compiler of one language at work, for this machine. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type CompileJob, type Compiled, CompilerFailure, type LinkInput } from '../compiler.ts';
import { parseDepfile } from '../depfile.ts';
import { inFreshFolder } from '../fresh-folder.ts';
import { FileHashes, hashOf } from '../hash.ts';
import type { ObjectCompiler } from '../objects.ts';
import { runProcess } from '../run-process.ts';
import { compileSettled } from '../settled.ts';
import type { Slots } from '../slots.ts';
import type { NativeCompiler } from './compilers.ts';

const OUTPUT = 'weft-out';

export class NativeTool implements ObjectCompiler {
  readonly compiler: NativeCompiler;
  readonly #slots: Slots;
  readonly #hashes = new FileHashes();

  constructor(compiler: NativeCompiler, slots: Slots) {
    this.compiler = compiler;
    this.#slots = slots;
  }

  get identity(): string {
    return this.compiler.identity;
  }

  async compile(job: CompileJob, signal: AbortSignal): Promise<Compiled> {
    return this.#slots.use(signal, () => inFreshFolder((folder) => compileSettled(() => this.#compileOnce(job, folder, signal))));
  }

  /** Flags stand behind the inputs: libraries are looked at for what those before them need. */
  async link(
    inputs: readonly LinkInput[],
    flags: readonly string[],
    signal: AbortSignal,
  ): Promise<{ executable: Buffer; warnings: string }> {
    return this.#slots.use(signal, () =>
      inFreshFolder(async (folder) => {
        for (const { name, content } of inputs) {
          await mkdir(dirname(join(folder, name)), { recursive: true });
          await writeFile(join(folder, name), content);
        }
        const args = [...inputs.map(({ name }) => name), ...flags, '-o', OUTPUT];
        const warnings = await this.#run(args, folder, signal);
        return { executable: await readFile(join(folder, OUTPUT)), warnings };
      }),
    );
  }

  async #compileOnce(job: CompileJob, folder: string, signal: AbortSignal): Promise<Compiled> {
    const [object, dependencies] = [join(folder, 'out.o'), join(folder, 'out.d')];
    const { source, flags } = await this.#asSeen(job, folder);
    const output = ['-MD', '-MF', dependencies, '-MT', 'weft', '-c', source, '-o', object];
    const warnings = await this.#run([...flags, ...job.flags, ...output], folder, signal);
    const headers = new Map<string, string>();
    for (const path of parseDepfile(await readFile(dependencies, 'utf8')).map((name) => resolve(folder, name))) {
      if (path !== source) headers.set(path, this.#hashes.of(path) ?? '');
    }
    return { object: await readFile(object), warnings, headers };
  }

  /** The compiler reads what the key was made from: where the file is another now, or is none, a copy. */
  async #asSeen({ source, content }: CompileJob, folder: string): Promise<{ source: string; flags: string[] }> {
    if (this.#hashes.of(source) === hashOf(content)) return { source, flags: [] };
    const copy = join(folder, basename(source));
    await writeFile(copy, content);
    return { source: copy, flags: ['-iquote', dirname(source)] };
  }

  async #run(args: readonly string[], cwd: string, signal: AbortSignal): Promise<string> {
    const { ok, stdout, stderr } = await runProcess(this.compiler.program, [...this.compiler.args, ...args], { cwd, signal });
    if (!ok) throw new CompilerFailure(stdout + stderr);
    return stderr;
  }
}
