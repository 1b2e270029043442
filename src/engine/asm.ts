/**
 * Writes WebAssembly modules byte by byte: enough of the binary format (WebAssembly core specification, chapter 5)
 * for the kinds of module that the engine generates: entries, switches, rollbacks.
 */

export type Code = readonly number[];

/** Unsigned LEB128. */
function u(value: number): number[] {
  const out: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    out.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return out;
}

/** Signed LEB128 of a 64-bit value. */
function s(value: bigint): number[] {
  const out: number[] = [];
  let rest = BigInt.asIntN(64, value);
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const last = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
    out.push(last ? low : low | 0x80);
    if (last) return out;
  }
}

function name(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...u(bytes.length), ...bytes];
}

function vec(items: readonly Code[]): number[] {
  return [...u(items.length), ...items.flat()];
}

export const I32 = 0x7f;
const I64 = 0x7e;
export const F64 = 0x7c;
export const EXTERNREF = 0x6f;
const VOID = 0x40;

export function functionType(params: readonly number[], results: readonly number[]): number[] {
  return [0x60, ...vec(params.map((p) => [p])), ...vec(results.map((r) => [r]))];
}

export const importFunction = (module: string, field: string, type: number): number[] => [
  ...name(module),
  ...name(field),
  0x00,
  ...u(type),
];
export const importTable = (module: string, field: string): number[] => [...name(module), ...name(field), 0x01, 0x70, 0x00, 0x01];
export const importMemory = (module: string, field: string): number[] => [...name(module), ...name(field), 0x02, 0x00, 0x00];
export const importGlobal = (module: string, field: string): number[] => [...name(module), ...name(field), 0x03, I32, 0x00];
export const importMutableGlobal = (module: string, field: string): number[] => [...name(module), ...name(field), 0x03, I32, 0x01];
export const exportFunction = (field: string, index: number): number[] => [...name(field), 0x00, ...u(index)];

/** Instructions, by their names in the specification. Memory operands take the memory's index and a constant offset. */
export const op = {
  get: (local: number): number[] => [0x20, ...u(local)],
  set: (local: number): number[] => [0x21, ...u(local)],
  tee: (local: number): number[] => [0x22, ...u(local)],
  global: (index: number): number[] => [0x23, ...u(index)],
  setGlobal: (index: number): number[] => [0x24, ...u(index)],
  i32: (value: number): number[] => [0x41, ...s(BigInt(value | 0))],
  i64: (value: bigint): number[] => [0x42, ...s(value)],
  call: (index: number): number[] => [0x10, ...u(index)],
  callIndirect: (type: number): number[] => [0x11, ...u(type), 0x00],
  load: (memory: number, offset = 0): number[] => [0x28, 0x42, ...u(memory), ...u(offset)],
  load8: (memory: number, offset = 0): number[] => [0x2d, 0x40, ...u(memory), ...u(offset)],
  store: (memory: number, offset = 0): number[] => [0x36, 0x42, ...u(memory), ...u(offset)],
  load64: (memory: number, offset = 0): number[] => [0x29, 0x40, ...u(memory), ...u(offset)],
  store64: (memory: number, offset = 0): number[] => [0x37, 0x40, ...u(memory), ...u(offset)],
  copy: (to: number, from: number): number[] => [0xfc, 0x0a, ...u(to), ...u(from)],
  fill: (memory: number, at: Code, length: Code): number[] => [...at, ...op.i32(0), ...length, 0xfc, 0x0b, ...u(memory)],
  memorySize: (memory: number): number[] => [0x3f, ...u(memory)],
  block: (body: Code, result: number = VOID): number[] => [0x02, result, ...body, 0x0b],
  if: (then: Code, result: number = VOID): number[] => [0x04, result, ...then, 0x0b],
  ifElse: (then: Code, otherwise: Code, result: number = VOID): number[] => [0x04, result, ...then, 0x05, ...otherwise, 0x0b],
  /** try_table with one catch_all clause that branches to the label. */
  tryCatchAll: (body: Code, label: number, result: number = VOID): number[] => [0x1f, result, 0x01, 0x02, ...u(label), ...body, 0x0b],
  br: (label: number): number[] => [0x0c, ...u(label)],
  brIf: (label: number): number[] => [0x0d, ...u(label)],
  brTable: (labels: readonly number[], otherwise: number): number[] => [0x0e, ...vec(labels.map(u)), ...u(otherwise)],
  unreachable: [0x00],
  return: [0x0f],
  drop: [0x1a],
  select: [0x1b],
  eqz: [0x45],
  eq: [0x46],
  ltU: [0x49],
  gtU: [0x4b],
  geU: [0x4f],
  add: [0x6a],
  sub: [0x6b],
  and: [0x71],
  or: [0x72],
  xor: [0x73],
  shl: [0x74],
  gtU64: [0x56],
  geU64: [0x5a],
  add64: [0x7c],
  or64: [0x84],
  shl64: [0x86],
  shrU64: [0x88],
  wrap: [0xa7],
  extendU: [0xad],
} as const;

export interface FunctionBody {
  readonly type: number;
  /** How many i32 locals follow the parameters, after them how many i64s, and then how many externrefs. */
  readonly i32s: number;
  readonly i64s?: number;
  readonly refs?: number;
  readonly code: Code;
}

export interface ModuleParts {
  readonly types: readonly Code[];
  readonly imports: readonly Code[];
  readonly functions: readonly FunctionBody[];
  readonly exports: readonly Code[];
}

export function assemble(parts: ModuleParts): Uint8Array<ArrayBuffer> {
  const bodies = parts.functions.map(({ i32s, i64s = 0, refs = 0, code }) => {
    const locals: [number, number][] = [
      [i32s, I32],
      [i64s, I64],
      [refs, EXTERNREF],
    ];
    const groups = locals.filter(([count]) => count > 0).map(([count, type]) => [...u(count), type]);
    const body = [...vec(groups), ...code, 0x0b];
    return [...u(body.length), ...body];
  });
  const section = (id: number, content: Code): number[] => [id, ...u(content.length), ...content];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vec(parts.types)),
    ...section(2, vec(parts.imports)),
    ...section(3, vec(parts.functions.map((f) => u(f.type)))),
    ...section(7, vec(parts.exports)),
    ...section(10, vec(bodies)),
  ]);
}
