/** Native programs made for the tests, and an engine that runs them as processes. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { WIRES } from '../../src/contracts/wires.ts';
import { createDrivers } from '../../src/drivers/index.ts';
import type { Wires } from '../../src/drivers/wire.ts';
import type { FunctionSettings, ProcessIsolation, Resources } from '../../src/model/app.ts';
import { TestEngine, type TestFunction } from '../engine/harness.ts';

const run = promisify(execFile);
const REQUIRE_ALL = process.env['WEFT_TEST_REQUIRE_ALL'] === '1';

/** Kept for all tests of a file; removed with `close`. */
export class Workbench implements AsyncDisposable {
  readonly folder: string;
  readonly #built = new Map<string, Promise<string>>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<Workbench> {
    return new Workbench(await mkdtemp(join(tmpdir(), 'weft-process-')));
  }

  /** Path of a program of `programs/`, or with `-shared` of a library. */
  build(name: string, ...flags: string[]): Promise<string> {
    const path = join(this.folder, [name, ...flags].join(''));
    const source = join(import.meta.dirname, 'programs', `${name}.c`);
    const include = join(import.meta.dirname, '../../sdk/include');
    const made =
      this.#built.get(path) ??
      run('cc', ['-O1', '-D_GNU_SOURCE', `-I${include}`, '-o', path, source, ...flags, '-pthread']).then(() => path);
    this.#built.set(path, made);
    return made;
  }

  engine(wires: Wires = WIRES): Promise<TestEngine> {
    return TestEngine.start({ drivers: createDrivers(async () => wires, { cacheDir: join(this.folder, 'cache') }) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

type ProcessSettings = Omit<TestFunction, 'spec' | 'wasm'> & {
  readonly program: string;
  readonly spec?: Partial<FunctionSettings>;
  readonly isolation?: Partial<ProcessIsolation>;
  readonly resources?: Partial<Resources>;
};

export function processFunction({ spec, isolation, resources, ...rest }: ProcessSettings): TestFunction {
  return {
    ...rest,
    spec: {
      contract: 'stdio',
      isolation: {
        kind: 'process',
        sandbox: 'strict',
        network: 'none',
        mounts: [],
        workDir: '/tmp',
        ...isolation,
        resources: { processes: 64, cpus: 0, openFiles: 1024, instances: 16, ...resources },
      },
      ...spec,
    },
  };
}

/** Why the tests of this file cannot run here; false when they can. Where nothing may be missing they run, and fail. */
export function cannotRun(): string | false {
  const has = (name: string): boolean => (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
  if (REQUIRE_ALL) return false;
  if (process.platform !== 'linux') return 'sandboxes of processes need Linux';
  for (const [name, debian] of [
    ['cc', 'gcc libc6-dev'],
    ['bwrap', 'bubblewrap'],
  ] as const)
    if (!has(name)) return `${name} is not installed; on Debian: sudo apt-get install ${debian}`;
  return false;
}

/** Waits until the condition holds; the test's own time limit ends it when it never does. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
