/**
 * Where in its memory a module's addresses begin. Memory comes in pages of 64 KiB, and a small function needs a few of those KiB; what it can
 * reach, it may have written, and must be wiped. So its addresses are moved to the end of the last page: address 0 is at `base`, and below it
 * there is nothing it can reach, as no address is negative. Each load and store has a constant offset already, so this costs it nothing.
 */
import { WASM_PAGE_BYTES } from '../../model/limits.ts';
import { type Body, Unsupported } from './body.ts';
import { BULK, OP, VOID } from './instructions.ts';
import { KIND, type Outline } from './outline.ts';
import { Writer } from './writer.ts';

/** Whole lines of a core's cache, so that what is aligned stays aligned. */
const LINE_BYTES = 64;
const MAX_U32 = 0xffff_ffff;
/** What the linker exports when asked: the end of all that it placed. */
const DATA_END = '__data_end';

/** The address of a module's address 0; 0 when it is to stay where it is. */
export function baseOf(outline: Outline, bodies: readonly Body[]): number {
  if (bodies.some(({ managesMemory }) => managesMemory)) return 0;
  const end = dataEnd(outline);
  const memory = (outline.memories[0]?.pages ?? 0) * WASM_PAGE_BYTES;
  const used = Math.ceil(end / LINE_BYTES) * LINE_BYTES;
  return used > memory ? 0 : memory - used;
}

function dataEnd({ exports, globals, importedGlobals }: Outline): number {
  const found = exports.find(({ name, kind }) => name === DATA_END && kind === KIND.global);
  const end = found && globals[found.index - importedGlobals]?.initial;
  if (end === undefined) throw new Unsupported(`it does not export ${DATA_END}`);
  return end;
}

/** The constant offset of a load or store. Beyond what can be written, nothing could be reached before, and nothing can be now. */
export const movedOffset = (offset: number, base: number): number => Math.min(offset + base, MAX_U32);

/** Type of the functions below, as the type section has it. */
export const TYPE_OF_BULK = [0x60, 3, 0x7f, 0x7f, 0x7f, 0];

/** memory.copy or memory.fill at addresses that are moved: takes what the instruction takes. */
export function bulkFunction(opcode: typeof BULK.memoryCopy | typeof BULK.memoryFill, base: number): Uint8Array {
  const [destination, second, length] = [0, 1, 2];
  const copies = opcode === BULK.memoryCopy;
  const body = new Writer().u32(0);
  move(body, destination, base);
  if (copies) move(body, second, base);
  else body.byte(OP.localGet).u32(second);
  body.byte(OP.localGet).u32(length);
  body
    .byte(OP.bulk)
    .u32(opcode)
    .put(copies ? [0, 0] : [0]);
  return body.byte(OP.end).view();
}

/** An address beyond the memory must not come out at its beginning. */
function move(body: Writer, address: number, base: number): void {
  body
    .put([OP.localGet, address, OP.i32Const])
    .s32(-base - 1)
    .byte(OP.i32GreaterUnsigned);
  body.put([OP.if, VOID, OP.unreachable, OP.end, OP.localGet, address, OP.i32Const]).s32(base).byte(OP.i32Add);
}
