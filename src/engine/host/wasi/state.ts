/**
 * What the host keeps for one context that uses WASI: open files, scratch folder, standard streams, exit code. It is made at
 * the first call and dropped at rollback, so making it is cheap and the rest comes when it is needed.
 */
import type { FunctionSettings } from '../../../model/app.ts';
import type { Chain } from '../../chain.ts';
import type { Context } from '../../context.ts';
import type { GuestFunction } from '../../guest-function.ts';
import type { Runtime } from '../../runtime.ts';
import { caller } from '../guest.ts';
import { clockNs } from '../system.ts';
import { type Descriptor, DescriptorTable, OpenDirectory, StandardInput, StandardOutput } from './descriptors.ts';
import { FileSystem } from './file-system.ts';
import { GuestMemory } from './guest-memory.ts';
import { Collector, LineLog, LogBudget } from './output.ts';
import { packedTree } from './packed-files.ts';
import { CLOCK } from './preview1.ts';
import { StreamedAnswer } from './streamed-answer.ts';
import { StringBlock } from './string-block.ts';

const NOTHING = new Uint8Array(0);

const args = new WeakMap<FunctionSettings, StringBlock>();
const environments = new WeakMap<FunctionSettings, StringBlock>();

export class WasiState {
  exitCode: number | undefined;
  /** Of the function, in this request: each has lines of its own. */
  activation: number;
  readonly memory: GuestMemory;
  /** The request that the streams and the exit code belong to; a context that keeps its state sees many. */
  #chain: Chain;
  readonly #fn: GuestFunction;
  #descriptors: DescriptorTable | undefined;
  #files: FileSystem | undefined;
  #answer: Collector | StreamedAnswer | undefined;
  #lines: readonly LineLog[] = [];
  #environment: StringBlock | undefined;

  constructor(chain: Chain) {
    this.#chain = chain;
    this.activation = chain.activation;
    this.#fn = chain.activeFunction;
    this.memory = memoryOf(chain.context);
  }

  get chain(): Chain {
    return this.#chain;
  }

  /** Another request in the same context: new streams, environment and exit code; files stay. */
  begin(chain: Chain): void {
    this.#chain = chain;
    this.activation = chain.activation;
    this.exitCode = undefined;
    this.#environment = undefined;
    this.#answer = undefined;
    this.#lines = [];
    const streams = this.#standardStreams();
    for (const [fd, stream] of streams.entries()) this.#descriptors?.set(fd, stream);
  }

  /** What a program printed as its answer, and is not out yet. */
  get stdout(): Uint8Array {
    return this.#answer instanceof Collector ? this.#answer.bytes : NOTHING;
  }

  /** It printed more than its limit. */
  get overflow(): boolean {
    return this.#answer?.overflow ?? false;
  }

  /** Another activation of the function runs from here on, in the same request. */
  endLines(activation: number): void {
    this.activation = activation;
    this.#chain.endLines(this.#chain.active, activation);
  }

  /** The request ends: logs what was printed behind the last line feed. */
  flush(): void {
    for (const lines of this.#lines) lines.flush();
  }

  get args(): StringBlock {
    const { spec } = this.#fn;
    let block = args.get(spec);
    if (!block) {
      block = new StringBlock([spec.name, ...spec.args]);
      args.set(spec, block);
    }
    return block;
  }

  /** That of the request, where the contract gives it one; else the function's own. */
  get environment(): StringBlock {
    const { program } = this.#chain;
    if (program) return (this.#environment ??= blockOf(program.env()));
    const { spec } = this.#fn;
    let block = environments.get(spec);
    if (!block) {
      block = blockOf(spec.env);
      environments.set(spec, block);
    }
    return block;
  }

  get files(): FileSystem {
    return (this.#files ??= new FileSystem(packedTree(this.#fn.files), this.#fn.spec.limits.memoryBytes, () => this.now(CLOCK.realtime)));
  }

  get descriptors(): DescriptorTable {
    return (this.#descriptors ??= this.#firstDescriptors());
  }

  /** Nanoseconds, as one run of the request saw them: a replay sees the same. */
  now(clock: number): number {
    const chain = this.#chain;
    return chain.journal ? chain.effect('clock', () => clockNs(clock)) : clockNs(clock);
  }

  #firstDescriptors(): DescriptorTable {
    const first = this.#standardStreams();
    first.push(new OpenDirectory(packedTree(this.#fn.files), true));
    return new DescriptorTable(first);
  }

  #standardStreams(): Descriptor[] {
    const { program } = this.#chain;
    const { contract, limits } = this.#fn.spec;
    const budget = new LogBudget((level, line) => {
      const chain = this.#chain;
      chain.effect('log', () => chain.version.log(this.#fn, level, line));
    });
    const errors = new LineLog('error', budget);
    const stdin = new StandardInput(() => this.#chain.program?.stdin);
    const stderr = new StandardOutput(errors, false);
    if (program) {
      const answer = StreamedAnswer.of(this.#chain) ?? new Collector(limits.responseBytes);
      this.#answer = answer;
      this.#lines = [errors];
      return [stdin, new StandardOutput(answer, false), program.joinsErrors ? new StandardOutput(answer, false) : stderr];
    }
    const lines = new LineLog('info', budget);
    this.#lines = [lines, errors];
    // A program is not told of a terminal while it is initialised: its libc would remember that for all requests.
    return [stdin, new StandardOutput(lines, contract !== 'stdio'), stderr];
  }
}

/** Kept from request to request: to make a view of memory costs more than most calls do with it. */
function memoryOf(context: Context): GuestMemory {
  const memory = context.guestMemory;
  if (memory === undefined) return (context.guestMemory = new GuestMemory(context));
  memory.refresh();
  return memory;
}

/** The state of the context that called, for the request it serves now. */
export function wasiOf(runtime: Runtime): WasiState {
  const chain = caller(runtime);
  const { context } = chain;
  let state = context.wasi;
  if (state === undefined) {
    state = new WasiState(chain);
    context.wasi = state;
  } else {
    if (state.chain !== chain) state.begin(chain);
    else if (state.activation !== chain.activation) state.endLines(chain.activation);
    state.memory.refresh();
  }
  return state;
}

function blockOf(variables: Readonly<Record<string, string>>): StringBlock {
  const strings: string[] = [];
  for (const name in variables) strings.push(`${name}=${variables[name] ?? ''}`);
  return new StringBlock(strings);
}
