/**
 * OpenFaaS's stack.yaml → App. A function in C or C++ is built from its handler folder, and the platform takes the watchdog's place; any
 * other is its image, which has a watchdog inside.
 */
import { resolve } from 'node:path';
import type { App, FunctionSpec } from '../../model/app.ts';
import { nameFromPath } from '../names.ts';
import { quote } from '../nearest.ts';
import { checkShape } from '../shape.ts';
import { ForeignReading, type Source } from './reading.ts';
import { StackEntry } from './stack-entry.ts';
import { describeStackFunction } from './stack-function.ts';
import { type StackFunction, stackShape } from './stack-shape.ts';

const PROVIDERS = ['openfaas', 'faas'];

/** @throws WeftError WEFT_MANIFEST with all mistakes */
export async function parseStackYaml(source: Source): Promise<App> {
  const reading = new ForeignReading(source, 'replaced');
  const { document, mistakes, dir } = reading;
  checkShape(document, stackShape, mistakes);
  mistakes.check();
  const { provider, functions, configuration } = stackShape.parse(document.value);
  if (provider?.name !== undefined && !PROVIDERS.includes(provider.name))
    reading.at('provider', 'name')(`the provider must be openfaas, not ${quote(provider.name)}`);
  if (Object.keys(functions).length === 0) reading.at('functions')('functions is empty; an app has at least one function');
  const copied = (configuration?.copy ?? []).map((path) => resolve(dir, path));
  const found: FunctionSpec[] = [];
  for (const [name, fn] of Object.entries(functions)) {
    reading.checkName(name, reading.atKey('functions', name));
    const described = await describeStackFunction(new StackEntry(reading, name, fn, copied));
    if (described) found.push(described);
  }
  const app = appName(reading, functions);
  mistakes.check();
  return { name: app, functions: found, merge: [], dir, ...(reading.notes.length > 0 ? { notes: reading.notes } : {}) };
}

/** A namespace is to OpenFaaS's names (`fn.namespace`) what an app is to ours. */
function appName(reading: ForeignReading, functions: Readonly<Record<string, StackFunction>>): string {
  const spaces = Object.entries(functions).map(([name, fn]) => [name, fn.namespace] as const);
  const [first] = spaces;
  for (const [name, namespace] of spaces) {
    if (namespace !== first?.[1])
      reading.at(
        'functions',
        name,
        'namespace',
      )(`the functions of one file are one app, and so have one namespace: ${quote(first?.[1] ?? '(none)')} is another`);
  }
  return first?.[1] ?? nameFromPath(reading.dir);
}
