/** Builders of both toolchains, folders with sources in them, and functions that run in the engine. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BuildSpec, ContractName, FunctionSpec } from '../../src/model/app.ts';
import { WeftError } from '../../src/model/errors.ts';
import { DEFAULT_LIMITS } from '../../src/model/limits.ts';
import { type Artifact, type Builder, createBuilder } from '../../src/toolchain/index.ts';
import { TestEngine } from '../engine/harness.ts';
import { testDaemon } from './compilers.ts';

/** Shared by all tests, so that the guest runtime is compiled once; what must be new is made so by `unique`. */
export const CACHE = join(import.meta.dirname, '../../node_modules/.cache/weft');

export const CHOICES = ['embedded', 'system'] as const;

/** The system's clang may be missing on a machine; CI says that it must not. */
export async function builderOf(toolchain: (typeof CHOICES)[number], daemon = testDaemon()): Promise<Builder | undefined> {
  try {
    return await createBuilder({ cacheDir: CACHE, toolchain, daemon });
  } catch (cause) {
    if (cause instanceof WeftError && cause.code === 'WEFT_TOOLCHAIN_MISSING' && process.env['WEFT_TEST_REQUIRE_ALL'] !== '1')
      return undefined;
    throw cause;
  }
}

/** For tests that do not care which compiler it is. */
export const autoBuilder = (): Promise<Builder> => createBuilder({ cacheDir: CACHE, toolchain: 'auto', daemon: testDaemon() });

/** A comment that no source had before. */
export const unique = (): string => `/* ${randomUUID()} */\n`;

export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'weft-test-'));

  /** @returns the absolute path */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

type Sources = Extract<BuildSpec, { kind: 'sources' }>;

export function sources(paths: readonly string[], more: Partial<Sources> = {}): Sources {
  return {
    kind: 'sources',
    sources: paths,
    includeDirs: [],
    defines: [],
    flags: [],
    linkFlags: [],
    libraries: [],
    cStandard: 'c17',
    cppStandard: 'c++20',
    stackBytes: 64 * 1024,
    ...more,
  };
}

export function fn(build: BuildSpec, contract: ContractName = 'stdio'): FunctionSpec {
  return {
    name: 'fn',
    contract,
    isolation: { kind: 'context' },
    build,
    rollback: 'request',
    limits: DEFAULT_LIMITS,
    env: {},
    secrets: {},
    args: [],
    origins: [],
    idleMs: 0,
    warm: 0,
    files: {},
  };
}

/** What the function answers. */
export async function answerOf({ wasm }: Artifact, body = '', contract: ContractName = 'stdio'): Promise<string> {
  const engine = await TestEngine.start();
  try {
    const outcome = await engine.deploy({ fn: { wasm, spec: { contract } } });
    if (outcome?.type !== 'deployed') throw new Error(JSON.stringify(outcome));
    return (await engine.call('fn', body)).body;
  } finally {
    await engine.close();
  }
}
