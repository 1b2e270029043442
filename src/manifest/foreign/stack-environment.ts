/** Variables and secrets of a function in stack.yaml. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ManifestDocument } from '../document.ts';
import { Mistakes } from '../mistakes.ts';
import { quote } from '../nearest.ts';
import { MAX_MANIFEST_BYTES, readText } from '../read-text.ts';
import { checkShape } from '../shape.ts';
import type { Report, Scalar } from './reading.ts';
import type { StackEntry } from './stack-entry.ts';
import { environmentFileShape } from './stack-shape.ts';

const SECRETS = '/var/openfaas/secrets';
/** As OpenFaaS's tool has them for a function that runs here. */
const LOCAL_SECRETS = '.secrets';

/** What stands in a file goes over what stands here, as in OpenFaaS's tool. */
export async function environmentOf(entry: StackEntry): Promise<Record<string, string>> {
  const env = entry.reading.texts(entry.fn.environment, ...entry.path('environment'));
  for (const [at, path] of (entry.fn.environment_file ?? []).entries()) {
    const report = entry.at('environment_file', at);
    Object.assign(env, await readEnvironmentFile(resolve(entry.reading.dir, path), path, report));
  }
  for (const [name, value] of Object.entries(env)) {
    if (name === '' || /[=\0]/.test(name) || value.includes('\0')) entry.atVariable(name)(`${quote(name)} cannot be a variable`);
  }
  return env;
}

/** Path it sees → file here. */
export async function secretFiles(entry: StackEntry): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const [at, name] of (entry.fn.secrets ?? []).entries()) {
    const report = entry.at('secrets', at);
    if (!/^[A-Za-z0-9][-._A-Za-z0-9]*$/.test(name) || name.includes('..')) {
      report('the name of a secret has letters, digits, "-", "_" and "." only');
      continue;
    }
    const path = resolve(entry.reading.dir, LOCAL_SECRETS, name);
    const there = await stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
    if (!there) report(`the secret ${quote(name)} is taken from the file ${LOCAL_SECRETS}/${name} beside the manifest, which is not there`);
    else files[`${SECRETS}/${name}`] = path;
  }
  return files;
}

async function readEnvironmentFile(path: string, shown: string, report: Report): Promise<Record<string, string>> {
  const content = await readText(path, MAX_MANIFEST_BYTES);
  if ('problem' in content) {
    report(`cannot use the file ${quote(shown)}: ${content.problem}`);
    return {};
  }
  const mistakes = new Mistakes(shown);
  const document = new ManifestDocument(content.text, mistakes);
  checkShape(document, environmentFileShape, mistakes);
  mistakes.check();
  const { environment } = environmentFileShape.parse(document.value);
  const text = (key: string, value: Scalar): string =>
    typeof value === 'string' ? value : value === null ? '' : document.written(['environment', key]);
  return Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, text(key, value)]));
}
