/** A built module as the engine sees it: checked once against the guest ABI and the function's grants, before anything runs. */
import type { FunctionSettings } from '../model/app.ts';
import { WeftError } from '../model/errors.ts';
import { WASM_PAGE_BYTES } from '../model/limits.ts';
import { ABI_VERSION } from './abi.ts';
import type { GlobalType } from './snapshot.ts';
import { planSpareStack, type StackPlan } from './spare-stack.ts';

export interface GuestModule {
  readonly module: WebAssembly.Module;
  readonly globalNames: readonly string[];
  /** As the module's maker says. */
  readonly globalTypes: readonly GlobalType[];
  /** Memory the module asks for at start. */
  readonly initialPages: number;
  /** For what it may need beyond the stack that it was linked with. */
  readonly spareStack: StackPlan | undefined;
  /** Where in its memory its address 0 is: it can reach nothing below (src/toolchain/rewrite/placement.ts). */
  readonly base: number;
  /** weft: entered through the mailbox; command: a WASI program whose `_start` is one request. */
  readonly entry: 'weft' | 'command';
  /** Names of exports to run once, before the snapshot. */
  readonly initializers: readonly ('_initialize' | 'weft_init')[];
}

/** The section `weft.abi` (docs/guest-abi.md). */
interface Abi {
  readonly abi: number;
  readonly pages: number;
  readonly base?: number;
  readonly globals?: unknown;
  readonly stack?: unknown;
}

const GLOBAL = 'weft_global_';

/** Everything the host can provide, as `module.name`; the rest of WASI answers ENOSYS. */
export type Provided = ReadonlySet<string>;

export function inspect(spec: FunctionSettings, module: WebAssembly.Module, provided: Provided): GuestModule {
  const refuse = (reason: string): never => {
    throw new WeftError('WEFT_MODULE_REFUSED', { name: spec.name, reason });
  };
  const section = WebAssembly.Module.customSections(module, 'weft.abi')[0];
  if (!section) return refuse('it was not built by Weft; deploy it through the manifest with wasm: path');
  const { abi, pages, base = 0, globals = [], stack } = JSON.parse(new TextDecoder().decode(section)) as Abi;
  if (abi !== ABI_VERSION) return refuse(`it was built for guest ABI ${abi}, this is ${ABI_VERSION}; build it again`);
  if (!(Number.isInteger(base) && base >= 0 && base % 4 === 0 && base <= pages * WASM_PAGE_BYTES))
    return refuse(`its addresses begin at ${base}, which is no place in its memory`);
  if (pages * WASM_PAGE_BYTES > spec.limits.memoryBytes) {
    return refuse(`it needs ${pages * WASM_PAGE_BYTES} bytes of memory to start, limits.memory grants ${spec.limits.memoryBytes}`);
  }
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    const wanted = `${from}.${name}`;
    if (wanted === 'weft.fetch' && spec.origins.length === 0) {
      return refuse('it makes outbound HTTP requests, which are not granted; list where to under origins: in the manifest');
    }
    if (!provided.has(wanted)) return refuse(`it imports ${wanted}, which does not exist here`);
  }
  const exports = new Set(WebAssembly.Module.exports(module).map((e) => e.name));
  const entry = exports.has('weft_enter') ? 'weft' : 'command';
  if (entry === 'weft' && !(exports.has('weft_mailbox') && exports.has('weft_reserve')))
    return refuse('it exports weft_enter without weft_mailbox and weft_reserve');
  if (entry === 'command' && !exports.has('_start')) return refuse('it exports neither weft_enter nor _start');
  if (entry === 'command' && spec.contract !== 'stdio')
    return refuse(`it is a program with main, but its contract is ${spec.contract}; use contract: stdio`);
  const globalNames = [...exports].filter((name) => name.startsWith(GLOBAL));
  const globalTypes = globalNames.map((name): GlobalType => {
    return Array.isArray(globals) && globals[Number(name.slice(GLOBAL.length))] === 'i32' ? 'i32' : 'other';
  });
  return {
    module,
    entry,
    initialPages: pages,
    base,
    globalNames,
    globalTypes,
    spareStack: spareStackOf(stack, globalNames, globalTypes, spec.limits.memoryBytes - pages * WASM_PAGE_BYTES),
    initializers: (['_initialize', 'weft_init'] as const).filter((name) => exports.has(name)),
  };
}

/** As the module's maker says; what cannot be is taken as nothing, and the function has the stack that it was linked with. */
function spareStackOf(stack: unknown, globalNames: readonly string[], types: readonly GlobalType[], room: number): StackPlan | undefined {
  if (typeof stack !== 'object' || stack === null) return undefined;
  const said = stack as Partial<Record<'pointer' | 'limit' | 'bytes' | 'guard', unknown>>;
  const globalOf = (number: unknown): number => globalNames.indexOf(`${GLOBAL}${String(number)}`);
  const [pointer, limit] = [globalOf(said.pointer), globalOf(said.limit)];
  const [stackBytes, guardBytes] = [said.bytes, said.guard];
  if (types[pointer] !== 'i32' || types[limit] !== 'i32' || !isLength(stackBytes) || !isLength(guardBytes)) return undefined;
  return planSpareStack({ pointer, limit, stackBytes, guardBytes }, room);
}

const isLength = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
