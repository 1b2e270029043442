/** Secrets: from where the manifest says, never out of it. No message quotes one. */
import { resolve } from 'node:path';
import { quote } from './nearest.ts';
import { readText } from './read-text.ts';
import { type FunctionScope, variableOf } from './scope.ts';

const MAX_SECRET_BYTES = 64 * 1024;

export async function readSecrets(scope: FunctionScope): Promise<Record<string, string>> {
  const secrets: Record<string, string> = {};
  for (const [name, { fromEnv, fromFile }] of Object.entries(scope.secrets)) {
    const value = fromFile === undefined ? fromVariable(scope, name, fromEnv ?? '') : await fromPath(scope, name, fromFile);
    if (value !== undefined) secrets[name] = value;
  }
  return secrets;
}

function fromVariable(scope: FunctionScope, name: string, variable: string): string | undefined {
  const value = variableOf(scope.reading.environment, variable);
  if (value === undefined) scope.at('secrets', name, 'fromEnv')(`the environment variable ${quote(variable)} is not set`);
  return value;
}

async function fromPath(scope: FunctionScope, name: string, path: string): Promise<string | undefined> {
  const report = scope.at('secrets', name, 'fromFile');
  const file = await readText(resolve(scope.reading.dir, path), MAX_SECRET_BYTES);
  if ('problem' in file) report(`cannot read the secret in ${quote(path)}: ${file.problem}`);
  else if (file.text.includes('\0')) report(`the secret in ${quote(path)} has a NUL in it`);
  else return file.text.replace(/\r?\n$/, ''); // which editors and echo add
  return undefined;
}
