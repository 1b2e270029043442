/** Functions in C and C++ as their authors write them, built as the platform builds them. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContractName, FunctionSpec } from '../../src/model/app.ts';
import { autoBuilder, CACHE, fn, sources } from '../toolchain/workshop.ts';

const SOURCES = join(CACHE, '../weft-test-sources');

interface Options {
  readonly contract?: ContractName;
  readonly flags?: readonly string[];
  readonly stackBytes?: number;
}

/** Builds a text of C. */
export function compiled(source: string, options: Options = {}): Promise<Uint8Array<ArrayBuffer>> {
  const dir = join(SOURCES, createHash('sha256').update(source).digest('hex'));
  const path = join(dir, 'function.c');
  mkdirSync(dir, { recursive: true });
  writeFileSync(path, source);
  return build(path, options);
}

/** Builds a file of `functions/`. */
export function compiledFile(name: string, options: Options = {}): Promise<Uint8Array<ArrayBuffer>> {
  return build(join(import.meta.dirname, 'functions', name), options);
}

async function build(path: string, options: Options): Promise<Uint8Array<ArrayBuffer>> {
  const builder = await autoBuilder();
  try {
    return (await builder.build(specOf(path, options))).wasm;
  } finally {
    await builder.close();
  }
}

function specOf(path: string, { contract = 'weft', flags = [], stackBytes }: Options): FunctionSpec {
  return fn(sources([path], { flags, ...(stackBytes === undefined ? {} : { stackBytes }) }), contract);
}
