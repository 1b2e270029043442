import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { ROOT } from '../../scripts/checks/step.ts';

interface Outcome {
  readonly code: number | string | null | undefined;
  readonly output: string;
}

/** Runs the check as CI does, over a tree with these files. */
async function check(files: Readonly<Record<string, string>>): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-layers-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function run(folder: string): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, 'scripts/check-layers.ts'), folder], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr });
    });
  });
}

const APP = { 'model/app.ts': 'export type App = string;\nexport const one = 1;\n' };

suite('layer check', () => {
  test('passes a tree in which higher imports lower', async () => {
    const { code, output } = await check({ ...APP, 'engine/run.ts': "import type { App } from '../model/app.ts';\n" });
    assert.equal(code, 0, output);
    assert.match(output, /^2 files, 0 problems$/m);
  });

  const UPWARD: Readonly<Record<string, string>> = {
    'a value import': "import { one } from '../cli/main.ts';\n",
    'a type import': "import type { App } from '../cli/main.ts';\n",
    'an import over several lines': "import {\n  one,\n  two,\n} from '../cli/main.ts';\n",
    'an import for effect': "import '../cli/main.ts';\n",
    'a re-export': "export * from '../cli/main.ts';\n",
    'an imported type in an expression': "let x: import('../cli/main.ts').App;\n",
    'a dynamic import': "await import('../cli/main.ts');\n",
  };
  for (const [what, source] of Object.entries(UPWARD)) {
    test(`refuses ${what} of a higher layer`, async () => {
      const { code, output } = await check({ 'cli/main.ts': 'export const one = 1;\n', 'engine/run.ts': source });
      assert.equal(code, 1, output);
      assert.match(output, /engine\/run\.ts imports cli\/main\.ts/);
    });
  }

  test('refuses an import from outside the tree, and a folder that is no layer', async () => {
    const { code, output } = await check({ 'model/app.ts': "import '../../scripts/x.ts';\n", 'misc/x.ts': '' });
    assert.equal(code, 1);
    assert.match(output, /model\/app\.ts imports \.\.\/scripts\/x\.ts/);
    assert.match(output, /misc\/x\.ts: its folder is no layer/);
  });

  test('refuses values imported in a circle, and shows the way round', async () => {
    const { code, output } = await check({
      'engine/a.ts': "import { b } from './b.ts';\n",
      'engine/b.ts': "import { c } from './c.ts';\n",
      'engine/c.ts': "import { a } from './a.ts';\n",
    });
    assert.equal(code, 1);
    assert.match(output, /import cycle: engine\/a\.ts → engine\/b\.ts → engine\/c\.ts → engine\/a\.ts/);
  });

  test('lets the types of one layer lean on each other', async () => {
    const { code, output } = await check({
      'engine/a.ts': "import { b } from './b.ts';\n",
      'engine/b.ts': "import type { A } from './a.ts';\n",
    });
    assert.equal(code, 0, output);
  });

  test('refuses an empty tree, which would pass for the wrong reason', async () => {
    assert.equal((await check({})).code, 1);
  });

  test('passes the source of this repository', async () => {
    const { code, output } = await run(join(ROOT, 'src'));
    assert.equal(code, 0, output);
  });
});
