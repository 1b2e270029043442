/** What is compiled and linked beside a function's own sources, as sdk/lib/link.json says (sdk/lib/README.md explains it). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContractName } from '../model/app.ts';
import type { Language } from './compiler.ts';

export const SDK = join(import.meta.dirname, '../../sdk');
export const SDK_INCLUDE = join(SDK, 'include');

export interface LinkDescription {
  readonly entry: Readonly<Record<Language, string>>;
  readonly archive: readonly string[];
  readonly heap: string;
  readonly cxxArchive?: readonly string[];
  /** For compiling the runtime itself. */
  readonly includeDirs: readonly string[];
  readonly userFlags?: Readonly<Record<Language, readonly string[]>>;
  readonly contracts: Readonly<Record<ContractName, ContractPart>>;
  readonly linkFlags: readonly string[];
  readonly compactLinkFlags: readonly string[];
  readonly cxxLinkFlags?: readonly string[];
}

interface ContractPart {
  readonly source: string;
  readonly userFlags: readonly string[];
  readonly linkFlags: readonly string[];
  readonly native?: NativePart;
}

/** What a function of a contract needs beside its own sources to be a program, or library, of this machine. */
export interface NativePart {
  readonly sources: readonly string[];
  readonly flags: readonly string[];
  readonly linkFlags: readonly string[];
}

/** A contract that is an ordinary program needs nothing. */
export function nativePart({ contracts }: LinkDescription, contract: ContractName): NativePart {
  const known: Partial<LinkDescription['contracts']> = contracts;
  return known[contract]?.native ?? { sources: [], flags: [], linkFlags: [] };
}

/** It comes with this very code, which is why it is not checked. */
export async function readLinkDescription(): Promise<LinkDescription> {
  return JSON.parse(await readFile(join(SDK, 'lib/link.json'), 'utf8')) as LinkDescription;
}
