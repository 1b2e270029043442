import assert from 'node:assert/strict';
import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { ROOT } from '../../scripts/checks/step.ts';
import { errorsPage } from '../../scripts/generate-errors.ts';
import { ERRORS, type ErrorCode, WeftError } from '../../src/model/errors.ts';

const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');
const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

suite('documents', () => {
  test('docs/errors.md is what the catalogue says (else: npm run generate)', async () => {
    assert.equal(await read('docs/errors.md'), errorsPage());
  });

  test('every error of the catalogue is used somewhere in the source', async () => {
    const files = (await readdir(join(ROOT, 'src'), { recursive: true })).filter((path) => path.endsWith('.ts'));
    const sources = await Promise.all(files.filter((path) => path !== 'model/errors.ts').map((path) => read(join('src', path))));
    const all = sources.join('\n');
    const unused = Object.keys(ERRORS).filter((code) => !all.includes(`'${code}'`));
    assert.deepEqual(unused, []);
  });

  test('docs/dependencies.md has one line for each dependency and none for others', async () => {
    type Package = Record<'dependencies' | 'devDependencies', Record<string, string> | undefined>;
    const { dependencies, devDependencies } = JSON.parse(await read('package.json')) as Package; // our own file
    const { dependencies: measuredAgainst } = JSON.parse(await read('bench/package.json')) as Package; // likewise
    const page = await read('docs/dependencies.md');
    const described = [...page.matchAll(/^\| `([^`]+)` \| [^|]+ \| [^|]+ \|$/gm)].map((match) => match[1]);
    const inOrder = [dependencies, devDependencies, measuredAgainst].flatMap((group) => Object.keys(group ?? {}).toSorted());
    assert.deepEqual(described, inOrder);
  });

  for (const page of ['README.md', 'CONTRIBUTING.md', 'docs/architecture.md']) {
    test(`every file and folder that ${page} names is there`, async () => {
      const text = await read(page);
      const named = [...text.matchAll(/`((?:src|sdk|docs|test|examples|scripts|bench|schema)\/[\w./@-]*)`/g)].map(
        (match) => match[1] ?? '',
      );
      assert.ok(named.length > 0 || page === 'CONTRIBUTING.md', 'it names no path at all');
      const missing = await filterAsync(named, async (path) => !(await exists(join(ROOT, path))));
      assert.deepEqual(missing, []);
    });
  }

  test('links between documents lead somewhere', async () => {
    const pages = ['README.md', 'CONTRIBUTING.md', ...(await markdownBelow('docs'))];
    const broken = await Promise.all(pages.map(brokenLinks));
    assert.deepEqual(broken.flat(), []);
  });

  test('an error tells what, with the details filled in, and what to do', () => {
    const code: ErrorCode = 'WEFT_FUNCTION_NOT_FOUND';
    const error = new WeftError(code, { name: 'resize' });
    assert.equal(error.message, 'No function named "resize"');
    assert.deepEqual(error.toJSON().error, { code, message: error.message, hint: error.hint });
  });
});

async function markdownBelow(folder: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { recursive: true });
  return entries.filter((path) => path.endsWith('.md')).map((path) => join(folder, path));
}

async function brokenLinks(page: string): Promise<string[]> {
  const text = await read(page);
  const targets = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));
  const broken = await filterAsync(targets, async (target) => !(await exists(join(ROOT, dirname(page), target))));
  return broken.map((target) => `${page} → ${target}`);
}

async function filterAsync<T>(items: readonly T[], keep: (item: T) => Promise<boolean>): Promise<T[]> {
  const kept = await Promise.all(items.map(keep));
  return items.filter((_, index) => kept[index]);
}
