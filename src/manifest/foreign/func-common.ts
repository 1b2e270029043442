/** What func.yaml says in the same way for IronFunctions and for Fn. */
import { join } from 'node:path';
import { access } from 'node:fs/promises';
import type { FunctionSpec } from '../../model/app.ts';
import { nameFromPath } from '../names.ts';
import { quote } from '../nearest.ts';
import { IMAGE } from '../patterns.ts';
import type { FnFunction, IronFunction } from './func-shapes.ts';
import type { ForeignReading, Scalar } from './reading.ts';

type Func = IronFunction | FnFunction;

const MIB = 2 ** 20;

/** The last part: `user/hello` names an image, of which the function is `hello`. */
export function functionName(reading: ForeignReading, { name }: Func): string {
  if (name === undefined) return nameFromPath(reading.dir);
  const last = name.slice(name.lastIndexOf('/') + 1);
  reading.checkName(last, reading.at('name'));
  return last;
}

/** As `fn build` tags it; nothing, and a mistake, when it can be none. */
export function imageName(reading: ForeignReading, { name, version }: Func, registry: string | undefined): string | undefined {
  if (name === undefined) {
    reading.at()('the key "name" is missing, which names the image');
    return undefined;
  }
  const tag = version === undefined ? 'latest' : reading.textAt(version, 'version');
  const image = `${registry === undefined || registry === '' ? '' : `${registry.replace(/\/+$/, '')}/`}${name}:${tag}`.toLowerCase();
  if (!IMAGE.test(image)) reading.at('name')(`${quote(image)} is not the name of an image`);
  return image;
}

export async function hasDockerfile(dir: string): Promise<boolean> {
  return access(join(dir, 'Dockerfile')).then(
    () => true,
    () => false,
  );
}

/** Arguments behind the program's own name, in `entrypoint` and `cmd`. */
export function argumentsOf({ entrypoint, cmd }: Func): string[] {
  const words = (given: string | readonly string[] | undefined): string[] =>
    typeof given === 'string' ? given.split(/\s+/).filter((word) => word !== '') : [...(given ?? [])];
  const all = [...words(entrypoint), ...words(cmd)];
  return entrypoint === undefined ? words(cmd) : all.slice(1);
}

/** Limits, times and variables. */
export function withCommon(spec: FunctionSpec, reading: ForeignReading, fn: Func, env: Record<string, string>): FunctionSpec {
  const { memory, timeout, idle_timeout } = fn;
  const text = (value: Scalar, key: string): string => reading.textAt(value, key);
  const memoryBytes = memory === undefined ? spec.limits.memoryBytes : reading.memory(`${memory * MIB}`, reading.at('memory'));
  const deadlineMs = timeout === undefined ? spec.limits.deadlineMs : reading.deadline(text(timeout, 'timeout'), reading.at('timeout'));
  const idleMs = idle_timeout === undefined ? spec.idleMs : reading.idle(text(idle_timeout, 'idle_timeout'), reading.at('idle_timeout'));
  for (const name of Object.keys(env))
    if (name === '' || /[=\0]/.test(name)) reading.at('config', name)(`${quote(name)} cannot be a variable`);
  if (fn.type === 'async') reading.note(`${spec.name}: type async is not kept to: who calls it gets its answer, not the id of a call`);
  if (fn.build && spec.isolation.kind !== 'container')
    reading.note(`${spec.name}: the commands of build are not run; its sources are built here`);
  return { ...spec, env, idleMs, limits: { ...spec.limits, memoryBytes, deadlineMs } };
}
