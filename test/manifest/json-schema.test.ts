import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { parse } from 'yaml';
import { ROOT } from '../../scripts/checks/step.ts';
import { manifestSchemaText } from '../../src/manifest/json-schema.ts';
import { manifestShape } from '../../src/manifest/schema.ts';
import { manifestLike, mutated } from './manifests.ts';

const schema = JSON.parse(await readFile(join(ROOT, 'schema/weft.schema.json'), 'utf8')) as Record<string, unknown>; // checked by ajv
const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true, ownProperties: true });
const accepts = ajv.compile(schema);

suite('schema/weft.schema.json', () => {
  test('is what the loader checks with (else: npm run generate)', async () => {
    assert.equal(await readFile(join(ROOT, 'schema/weft.schema.json'), 'utf8'), manifestSchemaText());
  });

  test('is valid JSON Schema of 2020-12', () => {
    assert.equal(schema['$schema'], 'https://json-schema.org/draft/2020-12/schema');
    assert.equal(ajv.validateSchema(schema), true, ajv.errorsText());
  });

  test('describes every key, for editors to show', () => {
    const silent: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const [key, value] of Object.entries(node)) {
        if (key === 'properties') {
          for (const [name, property] of Object.entries(value as Record<string, unknown>)) // JSON Schema has an object there
            if (!JSON.stringify(property).includes('"description"')) silent.push(`${path}/${name}`);
        }
        walk(value, `${path}/${key}`);
      }
    };
    walk(schema, '');
    assert.deepEqual(silent, []);
  });

  test('accepts every example', async () => {
    const examples = (await readdir(join(ROOT, 'examples'), { recursive: true })).filter((path) => path.endsWith('weft.yaml'));
    assert.ok(examples.length > 3);
    for (const path of examples) {
      const manifest: unknown = parse(await readFile(join(ROOT, 'examples', path), 'utf8'));
      assert.ok(accepts(manifest), `${path}: ${ajv.errorsText(accepts.errors)}`);
    }
  });

  test('accepts every manifest that the documents show', async () => {
    for (const [page, wanted] of Object.entries({ 'README.md': 1, 'docs/manifest.md': 1 })) {
      const shown = [...(await readFile(join(ROOT, page), 'utf8')).matchAll(/^```yaml\n([^]*?)^```$/gm)].map((match) => match[1] ?? '');
      assert.ok(shown.length >= wanted, `${page} shows no manifest`);
      for (const manifest of shown) assert.ok(accepts(parse(manifest)), `${page}: ${ajv.errorsText(accepts.errors)}`);
    }
  });

  test('accepts and refuses the same shapes as the loader', () => {
    const seen = { valid: 0, invalid: 0 };
    fc.assert(
      fc.property(fc.oneof(manifestLike, mutated(manifestLike)), (manifest) => {
        const valid = manifestShape.safeParse(manifest).success;
        seen[valid ? 'valid' : 'invalid'] += 1;
        assert.equal(accepts(manifest), valid, `loader: ${valid}; schema: ${ajv.errorsText(accepts.errors)}`);
      }),
      { numRuns: 1500 },
    );
    assert.ok(seen.valid > 100 && seen.invalid > 100, `only ${JSON.stringify(seen)}: the property says little`);
  });
});
