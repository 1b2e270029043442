/** The custom section with the names that stack traces show, for functions renumbered. */
import { Malformed, Reader } from './reader.ts';
import type { Outline, Span } from './outline.ts';
import { Writer } from './writer.ts';

const MODULE_NAME = 0;
const FUNCTION_NAMES = 1;

/** Names of the module and of its functions; nothing when the section is not what it should be, which is no mistake in a custom section. */
export function renumberNames(bytes: Uint8Array, { start, end }: Span, renumber: (index: number) => number): Uint8Array | undefined {
  try {
    return rewrite(new Reader(bytes, start, end), renumber);
  } catch (cause) {
    if (cause instanceof Malformed) return undefined;
    throw cause;
  }
}

/** The index of the function of that name, when the section is there and says so. */
export function functionNamed({ bytes, customs }: Outline, wanted: string): number | undefined {
  const section = customs.find(({ name }) => name === 'name');
  if (!section) return undefined;
  const reader = new Reader(bytes, section.start, section.end);
  while (!reader.done) {
    const id = reader.byte();
    const end = reader.u32() + reader.at;
    if (id !== FUNCTION_NAMES) {
      reader.skip(end - reader.at);
      continue;
    }
    for (let left = reader.u32(); left > 0; left--) {
      const index = reader.u32();
      if (reader.name() === wanted) return index;
    }
  }
  return undefined;
}

function rewrite(reader: Reader, renumber: (index: number) => number): Uint8Array {
  const out = new Writer(reader.end - reader.at).name('name');
  while (!reader.done) {
    const id = reader.byte();
    const length = reader.u32();
    const start = reader.at;
    reader.skip(length);
    if (id === MODULE_NAME) out.section(id, reader.bytes.subarray(start, reader.at));
    if (id === FUNCTION_NAMES) out.section(id, functionNames(new Reader(reader.bytes, start, reader.at), renumber));
  }
  return out.view();
}

function functionNames(reader: Reader, renumber: (index: number) => number): Uint8Array {
  const out = new Writer(reader.end - reader.at);
  const count = reader.u32();
  out.u32(count);
  for (let i = 0; i < count; i++) {
    out.u32(renumber(reader.u32()));
    out.name(reader.name());
  }
  return out.view();
}
