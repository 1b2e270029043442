/** clang and lld as WebAssembly, from npm: they run in the daemon, over files that are all in memory. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type CompileJob, type Compiled, type Compiler, CompilerFailure, type Linked, type LinkJob } from './compiler.ts';
import type { Daemon } from './daemon/client.ts';
import { type LlvmResult, STDOUT, type VirtualFiles } from './daemon/messages.ts';
import { parseDepfile } from './depfile.ts';
import { DriverPlans } from './driver-plan.ts';
import { hashOf } from './hash.ts';
import { IncludeScan } from './include-scan.ts';
import { overlayOf } from './overlay.ts';
import { AST_FLAGS, findPointerSizeofs, mayHavePointerSizeof, pointerSizeofWarning, withPointerSizes } from './pointer-sizeof.ts';
import type { Store } from './store.ts';

/** Folder of our own in the compiler's file system; the user's paths are an overlay. */
const HERE = '/weft';
const OVERLAY = `${HERE}/overlay.json`;
const DEPENDENCIES = `${HERE}/out.d`;
/** The toolchain's own headers, which are at /usr; the user's may be there too (`/usr/include`), and are others. */
const TOOLCHAIN = [`${HERE}/toolchain`, '/usr'] as const;
const TOOLCHAIN_OPTIONS = new Set(['-internal-isystem', '-internal-externc-isystem', '-resource-dir', '-isysroot']);
const EMPTY = new Uint8Array();
/** Headers that only the compiler can name, because a macro does. */
const MAX_NAMED = 64;

export async function embeddedCompiler(daemon: Daemon, store: Store): Promise<Compiler> {
  const version = await packageVersion();
  return new EmbeddedCompiler(daemon, store, version);
}

class EmbeddedCompiler implements Compiler {
  readonly kind = 'embedded';
  readonly name: string;
  readonly identity: string;
  readonly c23 = 'gnu23';
  readonly #daemon: Daemon;
  readonly #plans: DriverPlans;

  constructor(daemon: Daemon, store: Store, version: string) {
    this.name = `embedded clang ${version}`;
    this.identity = `embedded ${version}`;
    this.#daemon = daemon;
    this.#plans = new DriverPlans(store, this.identity);
  }

  async compile(job: CompileJob, signal: AbortSignal): Promise<Compiled> {
    const scan = new IncludeScan(job.search);
    scan.add(job.source, job.content);
    const seen = await this.#withPointerSizes(job, scan, signal);
    const args = await this.#compileCommand(job, ['-MD', '-MF', DEPENDENCIES, '-MT', 'weft', '-o', STDOUT], signal);
    const { stderr, outputs } = await this.#run(args, job, seen.content, scan, [STDOUT, DEPENDENCIES], signal);
    const [object, dependencies] = outputs;
    if (!object || !dependencies) throw new CompilerFailure(`${stderr}clang wrote no object file`);
    const headers = parseDepfile(Buffer.from(dependencies).toString('utf8')).map((path) => resolve('/', path));
    return { object, warnings: seen.warnings + stderr, headers: hashes(headers, scan.files, job.source) };
  }

  async link(job: LinkJob, signal: AbortSignal): Promise<Linked> {
    const placeholder = `${HERE}/placeholder.o`;
    const driver = job.language === 'c' ? 'clang' : 'clang++';
    const planned = await this.#plans.command([driver, ...job.flags, placeholder, '-o', STDOUT], /wasm-ld$/, (args) =>
      this.#ask(args, [[placeholder, EMPTY]], signal),
    );
    const args = planned.flatMap((word) => (word === placeholder ? job.inputs.map(({ name }) => name) : [word]));
    const files = job.inputs.map(({ name, content }) => [name, content] as const);
    const { ok, stderr, outputs } = await this.#daemon.llvm(args, files, [STDOUT], signal);
    if (!ok || !outputs[0]) throw new CompilerFailure(stderr);
    return { wasm: outputs[0], warnings: stderr };
  }

  async #compileCommand(job: CompileJob, output: readonly string[], signal: AbortSignal): Promise<string[]> {
    const placeholder = `${HERE}/${job.language === 'c' ? 'placeholder.c' : 'placeholder.cpp'}`;
    const driver = job.language === 'c' ? 'clang' : 'clang++';
    const planned = await this.#plans.command([driver, ...job.flags, '-c', placeholder, ...output], /^-cc1$/, (args) =>
      this.#ask(args, [[placeholder, EMPTY]], signal),
    );
    const name = placeholder.slice(HERE.length + 1);
    const words = planned.map((word) => (word === placeholder ? job.source : word === name ? baseName(job.source) : word));
    const program = words.indexOf('-cc1');
    return ['clang', '-cc1', '-ivfsoverlay', OVERLAY, ...withToolchainApart(words.slice(program + 1))];
  }

  async #ask(args: readonly string[], files: VirtualFiles, signal: AbortSignal): Promise<string> {
    const [driver = 'clang', ...rest] = args;
    const { ok, stdout, stderr } = await this.#daemon.llvm([driver, '-###', ...rest], files, [], signal);
    if (!ok) throw new CompilerFailure(errorsIn(stdout + stderr));
    return stdout + stderr;
  }

  /** Runs the compiler; when it misses a header whose name the scan could not see, gives it that and runs it again. */
  async #run(
    args: readonly string[],
    { source }: CompileJob,
    content: Uint8Array,
    scan: IncludeScan,
    outputs: readonly string[],
    signal: AbortSignal,
  ): Promise<LlvmResult> {
    for (let named = 0; ; named++) {
      const result = await this.#daemon.llvm(args, virtualFiles(source, content, scan.files), outputs, signal);
      if (result.ok) return result;
      const missing = /^(.*?):\d+:\d+: fatal error: '(.+)' file not found$/m.exec(result.stderr);
      const found = missing?.[1] !== undefined && missing[2] !== undefined && scan.addNamed(missing[2], resolve('/', missing[1]));
      if (!found || named === MAX_NAMED) throw new CompilerFailure(result.stderr);
    }
  }

  async #withPointerSizes(job: CompileJob, scan: IncludeScan, signal: AbortSignal): Promise<{ content: Uint8Array; warnings: string }> {
    const { source, content } = job;
    if (!job.pointerSizes || !mayHavePointerSizeof(Buffer.from(content).toString('utf8'))) return { content, warnings: '' };
    const args = await this.#compileCommand(job, AST_FLAGS, signal);
    const { stdout } = await this.#run(args, job, content, scan, [], signal);
    const found = findPointerSizeofs(stdout, source);
    const warnings = found.map((one) => `${pointerSizeofWarning(source, content, one)}\n`).join('');
    return { content: withPointerSizes(content, found), warnings };
  }
}

function withToolchainApart(words: readonly string[]): string[] {
  const [seen, real] = TOOLCHAIN;
  return words.map((word, at) =>
    TOOLCHAIN_OPTIONS.has(words[at - 1] ?? '') && word.startsWith(real) ? seen + word.slice(real.length) : word,
  );
}

function virtualFiles(source: string, content: Uint8Array, headers: ReadonlyMap<string, Uint8Array>): VirtualFiles {
  const all = [...[...headers].filter(([path]) => path !== source), [source, content] as const];
  const placed = all.map(([path, bytes], at) => ({ path, bytes, real: `${HERE}/${at}` }));
  const overlay = overlayOf(
    placed.map(({ path, real }) => [path, real] as const),
    [TOOLCHAIN],
  );
  return [[OVERLAY, Buffer.from(overlay)], ...placed.map(({ real, bytes }) => [real, bytes] as const)];
}

/** Of the headers that were included, those that are not the toolchain's own. */
function hashes(included: readonly string[], given: ReadonlyMap<string, Uint8Array>, source: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of included) {
    const content = given.get(path);
    if (content && path !== source) found.set(path, hashOf(content));
  }
  return found;
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Without what the driver says about itself first. */
function errorsIn(output: string): string {
  const lines = output.split('\n').filter((line) => /: (?:error|warning|note):/.test(line));
  return lines.length === 0 ? output : `${lines.join('\n')}\n`;
}

async function packageVersion(): Promise<string> {
  const manifest = new URL('../package.json', import.meta.resolve('@yowasp/clang'));
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string }; // npm requires it
  return version;
}
