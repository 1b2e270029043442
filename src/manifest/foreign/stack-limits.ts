/** Limits and replicas of a function in stack.yaml, and what of it differs here. */
import type { FunctionSpec } from '../../model/app.ts';
import { quote } from '../nearest.ts';
import { withResources } from './functions.ts';
import { parseCpus } from './quantities.ts';
import type { Scalar } from './reading.ts';
import type { StackEntry } from './stack-entry.ts';

export function withStackLimits(spec: FunctionSpec, entry: StackEntry): FunctionSpec {
  const { limits, requests } = entry.fn;
  for (const [group, given] of Object.entries({ limits, requests })) {
    for (const key of Object.keys(given ?? {})) {
      if (key.endsWith('/gpu')) entry.atKey(group, key)(`${group}.${key}: there is no access to a GPU here`);
    }
  }
  const text = (value: Scalar, key: string): string => entry.reading.textAt(value, ...entry.path('limits', key));
  const memory =
    limits?.memory === undefined ? undefined : entry.reading.memory(text(limits.memory, 'memory'), entry.at('limits', 'memory'));
  const sized = memory === undefined ? spec : { ...spec, limits: { ...spec.limits, memoryBytes: memory } };
  if (limits?.cpu === undefined) return sized;
  const cpus = parseCpus(text(limits.cpu, 'cpu'));
  if (cpus === undefined || cpus <= 0 || cpus > 1024)
    entry.at('limits', 'cpu')(`${quote(text(limits.cpu, 'cpu'))} is no number of processors, such as 500m or 0.5`);
  if (spec.isolation.kind === 'context')
    entry.note('limits.cpu does not hold for a context: its time is bounded by its deadline, and shared in slices');
  return withResources(sized, { cpus: cpus ?? 0 });
}

/** Labels that say how many replicas there are: instances and contexts, in each engine thread. */
export function withScale(spec: FunctionSpec, entry: StackEntry): FunctionSpec {
  const number = (label: string): number | undefined => {
    const text = spec.labels?.[`com.openfaas.scale.${label}`];
    if (text === undefined) return undefined;
    if (!/^\d{1,4}$/.test(text)) entry.at('labels', `com.openfaas.scale.${label}`)(`${quote(text)} is not a number of replicas`);
    return Math.min(Number.parseInt(text, 10) || 0, 1000);
  };
  const least = number('min');
  const most = number('max');
  const zero = spec.labels?.['com.openfaas.scale.zero'];
  const after = spec.labels?.['com.openfaas.scale.zero-duration'];
  const idleMs =
    zero === 'false'
      ? 0
      : after === undefined
        ? undefined
        : entry.reading.idle(after, entry.at('labels', 'com.openfaas.scale.zero-duration'));
  const scaled = { ...spec, ...(least === undefined ? {} : { warm: least }), ...(idleMs === undefined ? {} : { idleMs }) };
  return most === undefined || most === 0 ? scaled : withResources(scaled, { instances: most });
}

export function sayWhatDiffers({ isolation }: FunctionSpec, entry: StackEntry): void {
  const { constraints, readonly_root_filesystem, build_args, build_options, build_secrets } = entry.fn;
  if (constraints && constraints.length > 0) entry.note('constraints choose nodes of a cluster; here there is one');
  if (readonly_root_filesystem === true && isolation.kind === 'container')
    entry.note('readonly_root_filesystem is not kept to: the container can write to its own root');
  if (isolation.kind === 'container') return;
  const ignored = Object.entries({ build_args, build_options, build_secrets }).filter(([, value]) => value !== undefined);
  if (ignored.length > 0)
    entry.note(`${ignored.map(([key]) => key).join(', ')} are for building an image, and nothing is made of them here`);
}
