/** Runs a module, prepared or as the linker left it, with as little around it as it needs. */
export interface Running {
  call(name: string, ...args: (number | bigint)[]): unknown;
  readonly memory: WebAssembly.Memory;
  readonly globals: readonly WebAssembly.Global[];
  /** Sets the interrupt word; `verdict` is what the slow path then returns. */
  interrupt(verdict: 0 | 1): void;
  /** How often the slow path was taken. */
  readonly interrupts: () => number;
}

const LIMIT_PAGES = 1024;
const ENOSYS = 52;

export function run(bytes: Uint8Array<ArrayBuffer>): Running {
  const module = new WebAssembly.Module(bytes);
  const supplied = new WebAssembly.Memory({ initial: initialPages(module), maximum: LIMIT_PAGES });
  const control = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const word = new Int32Array(control.buffer);
  let verdict = 0;
  let interrupts = 0;
  const interrupt = (): number => {
    interrupts++;
    return verdict;
  };
  const system = Object.fromEntries(imports(module, 'wasi_snapshot_preview1').map((name) => [name, () => ENOSYS]));
  const { exports } = new WebAssembly.Instance(module, {
    env: { memory: supplied },
    weft: { control, interrupt },
    wasi_snapshot_preview1: system,
  });
  const call = (name: string, ...args: (number | bigint)[]): unknown => (exports[name] as (...args: unknown[]) => unknown)(...args); // an export that the test names
  if ('_initialize' in exports) call('_initialize');
  return {
    call,
    memory: imports(module, 'env').includes('memory') ? supplied : (exports['memory'] as WebAssembly.Memory), // clang exports it
    globals: Object.entries(exports).flatMap(([name, value]) => (name.startsWith('weft_global_') ? [value as WebAssembly.Global] : [])),
    interrupt: (answer) => {
      verdict = answer;
      Atomics.store(word, 0, 1);
    },
    interrupts: () => interrupts,
  };
}

function imports(module: WebAssembly.Module, from: string): string[] {
  return WebAssembly.Module.imports(module).flatMap((entry) => (entry.module === from ? [entry.name] : []));
}

interface Abi {
  readonly pages: number;
}

function initialPages(module: WebAssembly.Module): number {
  const [section] = WebAssembly.Module.customSections(module, 'weft.abi');
  return section ? (JSON.parse(new TextDecoder().decode(section)) as Abi).pages : 0;
}
