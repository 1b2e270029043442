/**
 * The part of the WebAssembly JavaScript API that Weft uses, with JavaScript Promise Integration.
 * The DOM library has most of it, but would also bring a browser's globals into a server's code.
 */
declare namespace WebAssembly {
  type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'externref' | 'anyfunc';
  type ImportExportKind = 'function' | 'global' | 'memory' | 'table' | 'tag';
  // biome-ignore lint/complexity/noBannedTypes: what an exported function takes and gives is known only to its module
  type ExportValue = Function | Global | Memory | Table | Tag;
  type Exports = Record<string, ExportValue>;
  type Imports = Record<string, Record<string, unknown>>;

  interface ModuleImportDescriptor {
    module: string;
    name: string;
    kind: ImportExportKind;
  }
  interface ModuleExportDescriptor {
    name: string;
    kind: ImportExportKind;
  }

  class Module {
    constructor(bytes: ArrayBufferView | ArrayBufferLike);
    static imports(module: Module): ModuleImportDescriptor[];
    static exports(module: Module): ModuleExportDescriptor[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: ArrayBuffer | SharedArrayBuffer;
    grow(pages: number): number;
  }
  class Table {
    constructor(descriptor: { element: 'anyfunc' | 'externref'; initial: number; maximum?: number });
    readonly length: number;
    get(index: number): unknown;
    set(index: number, value?: unknown): void;
    grow(by: number): number;
  }
  class Global {
    constructor(descriptor: { value: ValueType; mutable?: boolean }, value?: unknown);
    value: unknown;
  }
  class Tag {
    constructor(type: { parameters: ValueType[] });
  }
  class Exception {
    is(tag: Tag): boolean;
  }
  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  /** Wraps a function that may return a promise; WebAssembly that calls it is suspended until the promise settles. */
  class Suspending {
    // biome-ignore lint/complexity/noBannedTypes: any function may be wrapped
    constructor(fn: Function);
  }
  // biome-ignore lint/complexity/noBannedTypes: any export may be wrapped
  function promising(fn: Function): (...args: number[]) => Promise<number>;

  function compile(bytes: ArrayBufferView | ArrayBufferLike): Promise<Module>;
  function validate(bytes: ArrayBufferView | ArrayBufferLike): boolean;
}
