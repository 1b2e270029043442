import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { ROOT } from '../../scripts/checks/step.ts';

interface Outcome {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A registry that nobody answers at: whatever asks the network fails. */
const OFFLINE = { npm_config_registry: 'http://127.0.0.1:9', npm_config_fetch_retries: '0' };

function run(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(file, args, { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

/** What a clone has that the set-up reads, without node_modules. */
async function clone(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-clone-'));
  try {
    for (const name of ['scripts', 'package.json', 'package-lock.json', 'weft'])
      await cp(join(ROOT, name), join(folder, name), { recursive: true });
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

suite('set-up', () => {
  test('asks no network and says nothing when everything is there', async () => {
    const { code, stdout, stderr } = await run(process.execPath, [join(ROOT, 'scripts/run.mjs'), 'setup'], OFFLINE);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
  });

  test('names what failed, why, and the command, when packages are missing and the registry is out of reach', () =>
    clone(async (folder) => {
      const env = { ...OFFLINE, npm_config_cache: join(folder, 'empty-cache') };
      const { code, stderr } = await run(process.execPath, [join(folder, 'scripts/run.mjs'), 'setup'], env);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /Installing npm packages.*\(node_modules is missing or unfinished\) failed/);
      assert.match(stderr, /ECONNREFUSED/);
      assert.match(stderr, /to mend it: .*npm ci/);
    }));

  test('notices a package that is not the version the lock names', () =>
    clone(async (folder) => {
      await mkdir(join(folder, 'node_modules'));
      const installed = await readFile(join(ROOT, 'node_modules/.package-lock.json'), 'utf8');
      const changed = installed.replace(/("node_modules\/zod": \{\s*"version": ")[^"]+/, '$10.0.1');
      assert.notEqual(changed, installed);
      await writeFile(join(folder, 'node_modules/.package-lock.json'), changed);
      const env = { ...OFFLINE, npm_config_cache: join(folder, 'empty-cache') };
      const { stderr } = await run(process.execPath, [join(folder, 'scripts/run.mjs'), 'setup'], env);
      assert.match(stderr, /zod is not \d+\.\d+\.\d+/);
    }));

  test('names the system library that the pinned Node lacks, and leaves no broken Node for npm scripts to find', () =>
    clone(async (folder) => {
      await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
      await cp(join(ROOT, 'node_modules/.package-lock.json'), join(folder, 'node_modules/.package-lock.json'));
      const node = join(folder, 'node_modules/.bin/node');
      const loader = 'echo "$0: error while loading shared libraries: libweft-none.so.1: cannot open shared object file" >&2; exit 127';
      await writeFile(node, `#!/bin/sh\n${loader}\n`, { mode: 0o755 });
      const { code, stderr } = await run(process.execPath, [join(folder, 'scripts/run.mjs'), 'setup'], OFFLINE);
      assert.equal(code, 1);
      assert.match(stderr, /The pinned Node does not run: the system has no libweft-none\.so\.1/);
      assert.match(stderr, /to mend it: install the package/);
      await assert.rejects(access(node), { code: 'ENOENT' });
    }));

  test('says which commands there are when asked for another', async () => {
    const { code, stderr } = await run(process.execPath, [join(ROOT, 'scripts/run.mjs'), 'strat']);
    assert.equal(code, 2);
    assert.match(stderr, /No command "strat"; there are: setup, start, test, check, bench/);
  });

  test('the launcher names Node and its install command on a machine without it', () =>
    clone(async (folder) => {
      const bin = join(folder, 'bin');
      await mkdir(bin);
      for (const tool of ['sh', 'dirname', 'readlink']) {
        const found = (await run('which', [tool])).stdout.trim();
        await symlink(found, join(bin, tool));
      }
      const { code, stderr } = await run(join(folder, 'weft'), ['list'], { PATH: bin });
      assert.equal(code, 1);
      assert.match(stderr, /Node 20 or newer and npm are needed/);
      assert.match(stderr, /apt-get install -y nodejs npm/);
    }));

  test('CI runs exactly npm test', async () => {
    const lines = (await readFile(join(ROOT, '.ci/run'), 'utf8')).trim().split('\n');
    assert.equal(lines.at(-1), 'exec npm test');
  });
});
