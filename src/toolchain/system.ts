/** The system's clang and wasm-ld, with the libraries of the embedded toolchain (sysroot.ts), so that both give the same results. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type CompileJob, type Compiled, type Compiler, CompilerFailure, type Language, type Linked, type LinkJob } from './compiler.ts';
import { parseDepfile } from './depfile.ts';
import { DriverPlans } from './driver-plan.ts';
import { inFreshFolder } from './fresh-folder.ts';
import { FileHashes, hashOf, keyOf } from './hash.ts';
import { overlayOf } from './overlay.ts';
import { AST_FLAGS, findPointerSizeofs, mayHavePointerSizeof, pointerSizeofWarning, withPointerSizes } from './pointer-sizeof.ts';
import { type Ran, runProcess } from './run-process.ts';
import { compileSettled } from './settled.ts';
import type { Slots } from './slots.ts';
import type { Store } from './store.ts';
import type { SystemClang } from './system-clang.ts';
import { libraryFlags } from './system-libraries.ts';
import { SYSROOT_CXX_FLAGS, sysrootFlags } from './sysroot.ts';

export class SystemCompiler implements Compiler {
  readonly kind = 'system';
  readonly name: string;
  readonly identity: string;
  readonly c23: string;
  /** Flags for each compilation, by language; a project that compiles by itself needs them as well. */
  readonly flags: Readonly<Record<Language, readonly string[]>>;
  /** The libraries that every link ends with. */
  readonly libraries: Readonly<Record<Language, readonly string[]>>;
  readonly clang: SystemClang;
  readonly #plans: DriverPlans;
  readonly #slots: Slots;
  readonly #hashes = new FileHashes();
  /** Headers below these are part of the toolchain, whose version is in every key. */
  readonly #own: readonly string[];

  constructor(clang: SystemClang, sysroot: string, store: Store, slots: Slots) {
    this.clang = clang;
    this.name = `system clang ${clang.version}`;
    this.c23 = clang.major >= 18 ? 'gnu23' : 'gnu2x';
    const flags = sysrootFlags(sysroot);
    this.flags = { c: flags, 'c++': [...flags, ...SYSROOT_CXX_FLAGS] };
    this.libraries = { c: libraryFlags(sysroot, 'c'), 'c++': libraryFlags(sysroot, 'c++') };
    this.identity = keyOf('system', clang.identity, this.flags['c++']);
    this.#plans = new DriverPlans(store, this.identity);
    this.#slots = slots;
    this.#own = [sysroot, clang.resourceDir].map((dir) => `${dir}/`);
  }

  async compile(job: CompileJob, signal: AbortSignal): Promise<Compiled> {
    return this.#slots.use(signal, () => inFreshFolder((folder) => compileSettled(() => this.#compileOnce(job, folder, signal))));
  }

  async link(job: LinkJob, signal: AbortSignal): Promise<Linked> {
    return this.#slots.use(signal, () =>
      inFreshFolder(async (folder) => {
        for (const { name, content } of job.inputs) {
          await mkdir(dirname(join(folder, name)), { recursive: true });
          await writeFile(join(folder, name), content);
        }
        const [linker = 'wasm-ld', ...planned] = await this.#linkCommand(job, folder, signal);
        const args = planned.flatMap((word) => (word === PLACEHOLDER ? job.inputs.map(({ name }) => name) : [word]));
        const { ok, stdout, stderr } = await runProcess(linker, args, { cwd: folder, signal, argv0: 'wasm-ld' });
        if (!ok) throw new CompilerFailure(stdout + stderr);
        return { wasm: await readFile(join(folder, WASM)), warnings: stderr };
      }),
    );
  }

  async #linkCommand(job: LinkJob, folder: string, signal: AbortSignal): Promise<readonly string[]> {
    const driver = job.language === 'c' ? [] : ['--driver-mode=g++'];
    const args = [...driver, ...this.flags.c, ...job.flags, PLACEHOLDER, ...this.libraries[job.language], '-o', WASM];
    return this.#plans.command(args, /wasm-ld[^/]*$/, async (asked) => {
      await writeFile(join(folder, PLACEHOLDER), '');
      const { ok, stderr } = await runProcess(this.clang.path, ['-###', ...asked], { cwd: folder, signal });
      if (!ok) throw new CompilerFailure(stderr);
      return stderr;
    });
  }

  async #compileOnce(job: CompileJob, folder: string, signal: AbortSignal): Promise<Compiled> {
    const seen = await this.#asSeen(job, folder, signal);
    const [object, dependencies] = [join(folder, 'out.o'), join(folder, 'out.d')];
    const output = ['-MD', '-MF', dependencies, '-MT', 'weft', '-c', seen.source, '-o', object];
    const { ok, stderr } = await this.#clang(job, [...seen.flags, ...output], folder, signal);
    if (!ok) throw new CompilerFailure(seen.warnings + stderr);
    const headers = new Map<string, string>();
    for (const path of parseDepfile(await readFile(dependencies, 'utf8')).map((name) => resolve(folder, name))) {
      if (path !== seen.source && !this.#own.some((own) => path.startsWith(own))) headers.set(path, this.#hashes.of(path) ?? '');
    }
    return { object: await readFile(object), warnings: seen.warnings + stderr, headers };
  }

  /** The compiler reads what the key was made from, also when the file has changed since; and what pointer-sizeof.ts makes of it. */
  async #asSeen(job: CompileJob, folder: string, signal: AbortSignal): Promise<{ source: string; flags: string[]; warnings: string }> {
    const { source } = job;
    const content = await this.#withPointerSizes(job, folder, signal);
    const there = this.#hashes.of(source);
    if (!content && there === hashOf(job.content)) return { source, flags: [], warnings: '' };
    if (there === undefined) return { source: await written(join(folder, basename(source)), job.content), flags: [], warnings: '' };
    const [real, overlay] = [join(folder, 'source'), join(folder, 'overlay.json')];
    await writeFile(real, content?.bytes ?? job.content);
    await writeFile(overlay, overlayOf([[source, real]]));
    return { source, flags: ['-ivfsoverlay', overlay], warnings: content?.warnings ?? '' };
  }

  async #withPointerSizes(
    job: CompileJob,
    folder: string,
    signal: AbortSignal,
  ): Promise<{ bytes: Uint8Array; warnings: string } | undefined> {
    const { source, content } = job;
    if (!job.pointerSizes || !mayHavePointerSizeof(Buffer.from(content).toString('utf8'))) return undefined;
    const { ok, stdout, stderr } = await this.#clang(job, [...AST_FLAGS, source], folder, signal);
    if (!ok) throw new CompilerFailure(stderr);
    const found = findPointerSizeofs(stdout, source);
    const warnings = found.map((one) => `${pointerSizeofWarning(source, content, one)}\n`).join('');
    return { bytes: withPointerSizes(content, found), warnings };
  }

  #clang({ language, flags }: CompileJob, rest: readonly string[], folder: string, signal: AbortSignal): Promise<Ran> {
    const driver = language === 'c' ? [] : ['--driver-mode=g++'];
    return runProcess(this.clang.path, [...driver, ...this.flags[language], ...flags, ...rest], { cwd: folder, signal });
  }
}

/** What is made by the toolchain is no file before: clang wants to see one. */
async function written(path: string, content: Uint8Array): Promise<string> {
  await writeFile(path, content);
  return path;
}

const PLACEHOLDER = 'weft-placeholder.o';
const WASM = 'weft-out.wasm';
