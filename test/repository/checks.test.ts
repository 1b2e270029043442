import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { ROOT } from '../../scripts/checks/step.ts';

/** Mistakes that the lint rules are there for, each with the rule that must find it. */
const MISTAKES: Readonly<Record<string, string>> = {
  'typescript(no-floating-promises)': 'export function f(): void {\n  Promise.resolve(1);\n}\n',
  'typescript(no-explicit-any)': 'export const x: any = 1;\n',
  'typescript(no-non-null-assertion)': 'export const f = (a: string[]): string => a.at(0)!;\n',
  'typescript(no-misused-promises)': "export const f = async (): Promise<boolean> => true;\nif (f()) throw new Error('x');\n",
  'typescript(only-throw-error)': "export function f(): never {\n  throw 'x';\n}\n",
  'typescript(switch-exhaustiveness-check)':
    "export function f(a: 'x' | 'y'): number {\n  switch (a) {\n    case 'x':\n      return 1;\n  }\n  return 2;\n}\n",
  'unicorn(prefer-node-protocol)': "import { join } from 'path';\nexport const x = join('a', 'b');\n",
  'import(no-default-export)': 'export default 1;\n',
  'eslint(no-restricted-imports)': "import { exec } from 'node:child_process';\nexport const x = exec;\n",
};

interface Report {
  readonly diagnostics: readonly { readonly code: string }[];
}

suite('lint', () => {
  for (const [rule, source] of Object.entries(MISTAKES)) {
    test(`${rule} finds its mistake in the platform's source`, async () => {
      const { diagnostics } = await lint(source);
      assert.deepEqual([...new Set(diagnostics.map(({ code }) => code))], [rule]);
    });
  }
});

/** Lints one file as if it stood in src/. */
async function lint(source: string): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-lint-'));
  try {
    for (const name of ['node_modules', '.oxlintrc.json', 'tsconfig.json']) await symlink(join(ROOT, name), join(folder, name));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await mkdir(join(folder, 'src'));
    await writeFile(join(folder, 'src/mistake.ts'), source);
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function run(folder: string): Promise<Report> {
  return new Promise((resolve, reject) => {
    execFile(join(ROOT, 'node_modules/.bin/oxlint'), ['--format=json'], { cwd: folder }, (_error, stdout, stderr) => {
      if (stdout === '') reject(new Error(stderr));
      else resolve(JSON.parse(stdout) as Report); // oxlint's own format
    });
  });
}
