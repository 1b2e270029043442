/** What is linked beside the objects of a function's own sources. */
import { basename } from 'node:path';
import type { LinkInput } from './compiler.ts';
import { hashOf, keyOf } from './hash.ts';
import { readInput } from './read-input.ts';

const MAX_LIBRARY_BYTES = 512 * 1024 * 1024;
/** What a mangled C++ name or its runtime looks like in an archive. */
const CXX_MARKS = ['__cxa_', '_ZSt', '_ZNSt', '_Znwm', '_Znwj', '__gxx_'];

interface Library extends LinkInput {
  readonly key: string;
  readonly content: Buffer;
}

/** @throws WeftError WEFT_SOURCE_REFUSED */
export async function readLibrary(path: string): Promise<Library> {
  const content = await readInput(path, MAX_LIBRARY_BYTES);
  return { name: basename(path), content, key: keyOf(basename(path), hashOf(content)) };
}

export const isCxx = ({ content }: Library): boolean => CXX_MARKS.some((mark) => content.includes(mark));

/** Names as the linker will say them; two files of one name are told apart by a folder. */
export function named(inputs: readonly (LinkInput | undefined)[]): LinkInput[] {
  const taken = new Set<string>();
  return inputs.flatMap((input) => {
    if (!input) return [];
    const plain = /^[-@]/.test(input.name) ? `./${input.name}` : input.name;
    let name = plain;
    for (let copy = 2; taken.has(name); copy++) name = `${copy}/${input.name}`;
    taken.add(name);
    return [{ name, content: input.content }];
  });
}
