/** A function that is a container image, in one engine thread: what all its containers have in common. */
import type { DrivenHost, DrivenSource } from '../../engine/driver.ts';
import type { ContainerIsolation, FunctionSettings } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';
import type { Env } from './docker-config.ts';
import { Container } from './container.ts';
import { type ContainerPlan, isolationOf, secretPath } from './container-settings.ts';
import { registryAuth } from './credentials.ts';
import type { ContainerEngine } from './engine.ts';
import type { ImageFacts } from './engine-api.ts';
import { EngineRefusal } from './engine-connection.ts';
import { HostFolder } from './host-folder.ts';
import { parseImageName } from './image-name.ts';
import { labelsOf } from './labels.ts';
import { OutputLog } from './output-log.ts';

const PULL_MS = 10 * 60_000;
/** What images that serve HTTP listen on when nothing is said, OpenFaaS's among them. */
const USUAL_PORT = 8080;

/** What differs from container to container, and from one kind of function to the other. */
export type ContainerNeeds = Pick<ContainerPlan, 'env' | 'stdin' | 'locked' | 'publish'> & {
  readonly mounts?: ContainerPlan['mounts'];
  readonly stdout?: (piece: Buffer) => void;
  readonly stderr?: (piece: Buffer) => void;
};

export class ContainerFunction {
  readonly engine: ContainerEngine;
  readonly host: DrivenHost;
  readonly app: string;
  readonly spec: FunctionSettings;
  readonly isolation: ContainerIsolation;
  readonly image: ImageFacts;
  readonly #source: DrivenSource;
  /** Packed files and secrets. */
  readonly #mounts: ContainerPlan['mounts'];
  readonly #folder: HostFolder | undefined;

  private constructor(
    parts: Pick<ContainerFunction, 'engine' | 'host' | 'image'>,
    source: DrivenSource,
    folder: HostFolder | undefined,
    mounts: ContainerPlan['mounts'],
  ) {
    this.engine = parts.engine;
    this.host = parts.host;
    this.image = parts.image;
    this.app = source.app;
    this.spec = source.spec;
    this.isolation = isolationOf(source.spec);
    this.#source = source;
    this.#folder = folder;
    this.#mounts = mounts;
  }

  /** Fetches the image when the engine has none. @throws WeftError WEFT_IMAGE, WEFT_CONTAINER_ENGINE, WEFT_MODULE_REFUSED */
  static async open(
    engine: ContainerEngine,
    source: DrivenSource,
    host: DrivenHost,
    env: Env,
    sharesFolder: boolean,
  ): Promise<ContainerFunction> {
    const { spec, files } = source;
    const image = await ensureImage(engine, spec, host, env);
    const placed = [
      ...Object.entries(files),
      ...Object.entries(spec.secrets).map(([name, value]) => [secretPath(name), Buffer.from(value)] as const),
    ];
    const needsFolder = sharesFolder || placed.length > 0;
    if ((needsFolder || isolationOf(spec).mounts.length > 0) && !engine.sharesFolders) {
      const reason = `its mounts, files, secrets or socket need a container engine on this machine, and this one is at ${engine.where}`;
      throw new WeftError('WEFT_MODULE_REFUSED', { name: spec.name, reason });
    }
    const folder = needsFolder ? await HostFolder.create(engine.owner) : undefined;
    try {
      const mounts = await Promise.all(
        placed.map(async ([to, content]) => ({ from: (await folder?.file(content)) ?? '', to, writable: false })),
      );
      return new ContainerFunction({ engine, host, image }, source, folder, [...isolationOf(spec).mounts, ...mounts]);
    } catch (cause) {
      await folder?.remove();
      throw cause;
    }
  }

  /** The port its server listens on: as the manifest says, else the only one that the image names. */
  get port(): number {
    const exposed = Object.keys(this.image.Config?.ExposedPorts ?? {}).filter((port) => !port.endsWith('/udp'));
    const [only = ''] = exposed;
    return this.isolation.port ?? (exposed.length === 1 ? Number.parseInt(only, 10) : USUAL_PORT);
  }

  /** A folder of this machine that a container can write. */
  async openFolder(): Promise<string> {
    if (!this.#folder) throw new TypeError('the function was opened without a folder');
    return this.#folder.open();
  }

  /** @throws WeftError WEFT_IMAGE, WEFT_START_FAILED, WEFT_CONTAINER_ENGINE */
  createContainer({ stdout, stderr, mounts = [], ...needs }: ContainerNeeds): Promise<Container> {
    const { engine, spec, isolation } = this;
    return Container.create(engine, {
      name: spec.name,
      log: new OutputLog((level, line) => this.host.log(level, line)),
      ...(stdout && { stdout }),
      ...(stderr && { stderr }),
      plan: {
        ...needs,
        isolation,
        memoryBytes: spec.limits.memoryBytes,
        cgroups: engine.cgroups,
        labels: labelsOf(engine.owner, this.#source),
        mounts: [...this.#mounts, ...mounts],
      },
    });
  }

  /** None of its containers is there any more. */
  async close(): Promise<void> {
    await this.#folder?.remove();
  }
}

async function ensureImage(engine: ContainerEngine, spec: FunctionSettings, host: DrivenHost, env: Env): Promise<ImageFacts> {
  const { image } = isolationOf(spec);
  try {
    const there = await engine.api.inspectImage(image);
    if (there) return there;
    const name = parseImageName(image);
    host.log('info', `fetching the image ${image}`);
    await engine.api.pull(name, await registryAuth(env, name.registry), AbortSignal.timeout(PULL_MS));
    const pulled = await engine.api.inspectImage(image);
    if (pulled) return pulled;
    throw new EngineRefusal(404, 'it was fetched, and is not there');
  } catch (cause) {
    if (cause instanceof WeftError) throw cause;
    throw new WeftError(
      'WEFT_IMAGE',
      { name: spec.name, image, reason: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    );
  }
}
