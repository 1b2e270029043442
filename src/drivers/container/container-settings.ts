/** From a function's settings to what the engine is asked to create. Limits are Fn's, for every container. */
import type { ContainerIsolation, FunctionSettings } from '../../model/app.ts';

/** The engine refuses less. */
const LEAST_MEMORY_BYTES = 6 * 1024 * 1024;
const SECRETS_FOLDER = '/var/openfaas/secrets';

export interface ContainerPlan {
  readonly isolation: ContainerIsolation;
  readonly memoryBytes: number;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether its standard input is written to. */
  readonly stdin: boolean;
  /** As Fn runs functions: an ordinary user, nothing of the image writable. Others' images may not stand that. */
  readonly locked: boolean;
  /** Folders and files of this machine, read-only unless they are writable. */
  readonly mounts: readonly { readonly from: string; readonly to: string; readonly writable: boolean }[];
  /** A port inside, and where the engine's machine is to publish it; absent when nobody connects, or directly. */
  readonly publish: { readonly port: number; readonly bind: string } | undefined;
  readonly cgroups: 1 | 2;
}

/** The body of POST /containers/create. */
export function createBody(plan: ContainerPlan): Record<string, unknown> {
  const { isolation, stdin, locked, publish } = plan;
  return {
    Image: isolation.image,
    ...(isolation.command === undefined ? {} : { Cmd: isolation.command }),
    ...(locked ? { User: '1000:1000' } : {}),
    Env: Object.entries(plan.env).map(([name, value]) => `${name}=${value}`),
    Labels: plan.labels,
    Tty: false,
    OpenStdin: stdin,
    StdinOnce: stdin,
    AttachStdin: stdin,
    AttachStdout: true,
    AttachStderr: true,
    // Who is asked for a request is known here; an image's own check costs a process each time.
    Healthcheck: { Test: ['NONE'] },
    ...(publish ? { ExposedPorts: { [`${publish.port}/tcp`]: {} } } : {}),
    HostConfig: { ...limits(plan), ...mounts(plan), ...network(plan) },
  };
}

function limits({ isolation: { resources }, memoryBytes, locked, cgroups }: ContainerPlan): Record<string, unknown> {
  const memory = Math.max(memoryBytes, LEAST_MEMORY_BYTES);
  return {
    Memory: memory,
    // The same: nothing of it is swapped out.
    MemorySwap: memory,
    ...(cgroups === 1 ? { MemorySwappiness: 0 } : {}),
    PidsLimit: resources.processes,
    ...(resources.cpus > 0 ? { NanoCpus: Math.round(resources.cpus * 1e9) } : {}),
    Ulimits: [
      ulimit('nofile', resources.openFiles),
      ulimit('core', 0),
      ...(locked ? [ulimit('memlock', 64 * 1024), ulimit('sigpending', 5000), ulimit('msgqueue', 819_200)] : []),
    ],
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    ReadonlyRootfs: locked,
    Init: true,
    // Its output comes here; a copy on the engine's disk would only grow.
    LogConfig: { Type: 'none' },
  };
}

function ulimit(name: string, value: number): Record<string, unknown> {
  return { Name: name, Soft: value, Hard: value };
}

function mounts({ mounts: all, locked }: ContainerPlan): Record<string, unknown> {
  return {
    Mounts: all.map(({ from, to, writable }) => ({ Type: 'bind', Source: from, Target: to, ReadOnly: !writable })),
    ...(locked ? { Tmpfs: { '/tmp': '' } } : {}),
  };
}

function network({ isolation, publish }: ContainerPlan): Record<string, unknown> {
  return {
    NetworkMode: isolation.network,
    ...(publish ? { PortBindings: { [`${publish.port}/tcp`]: [{ HostIp: publish.bind, HostPort: '' }] } } : {}),
  };
}

/** Where a secret is seen, as OpenFaaS has it. */
export function secretPath(name: string): string {
  return `${SECRETS_FOLDER}/${name}`;
}

/** Of a function that is no container nothing comes here. */
export function isolationOf(spec: FunctionSettings): ContainerIsolation {
  if (spec.isolation.kind !== 'container') throw new TypeError(`"${spec.name}" is no container`);
  return spec.isolation;
}
