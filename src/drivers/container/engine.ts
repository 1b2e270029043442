/** The container engine as one engine thread uses it: found at first use, cleaned of what the dead left. */
import type { Env } from './docker-config.ts';
import { findEndpoint } from './endpoint.ts';
import { EngineApi } from './engine-api.ts';
import { EngineConnection } from './engine-connection.ts';
import { engineError } from './engine-error.ts';
import { removeLeftFolders } from './host-folder.ts';
import { LABELS } from './labels.ts';
import { Owner } from './owner.ts';

/**
 * How a container's port is reached: at its own address, which only this machine has, or at a port of the engine's machine
 * that is published for it.
 */
export type Reach = { readonly kind: 'direct' } | { readonly kind: 'published'; readonly bind: string; readonly host: string };

export class ContainerEngine {
  readonly api: EngineApi;
  readonly where: string;
  readonly owner: Owner;
  readonly reach: Reach;
  /** Whether the engine sees this machine's folders. */
  readonly sharesFolders: boolean;
  /** With the second version the kernel refuses settings of the first. */
  readonly cgroups: 1 | 2;
  readonly #connection: EngineConnection;
  /** Containers that are there. */
  readonly #all = new Set<string>();
  /** Containers that could not be removed when they should. */
  readonly #left = new Set<string>();

  private constructor(parts: Pick<ContainerEngine, 'api' | 'owner' | 'reach' | 'sharesFolders' | 'cgroups'>, connection: EngineConnection) {
    this.api = parts.api;
    this.owner = parts.owner;
    this.reach = parts.reach;
    this.sharesFolders = parts.sharesFolders;
    this.cgroups = parts.cgroups;
    this.where = connection.endpoint.where;
    this.#connection = connection;
  }

  /** @throws WeftError WEFT_CONTAINER_ENGINE */
  static async connect(env: Env): Promise<ContainerEngine> {
    const endpoint = await findEndpoint(env);
    const connection = new EngineConnection(endpoint);
    try {
      const api = await EngineApi.connect(connection, env['DOCKER_API_VERSION']);
      const info = await api.info();
      const { address } = endpoint;
      const host = address.kind === 'unix' ? '127.0.0.1' : address.host;
      const near = isLoopback(host);
      const bare =
        process.platform === 'linux' && info.OperatingSystem !== 'Docker Desktop' && !info.SecurityOptions?.includes('name=rootless');
      const reach: Reach =
        address.kind === 'unix' && bare ? { kind: 'direct' } : { kind: 'published', host, bind: near ? '127.0.0.1' : '' };
      const cgroups = info.CgroupVersion === '1' ? 1 : 2;
      const engine = new ContainerEngine({ api, owner: await Owner.create(), reach, sharesFolders: near, cgroups }, connection);
      await engine.#removeLeftovers();
      return engine;
    } catch (cause) {
      connection.close();
      throw asEngineError(endpoint.where, cause);
    }
  }

  /** @throws EngineRefusal; WeftError WEFT_CONTAINER_ENGINE */
  async create(name: string, settings: unknown): Promise<string> {
    const id = await this.api.create(name, settings);
    this.#all.add(id);
    return id;
  }

  /** Whatever they do. Never rejects. */
  async removeAll(): Promise<void> {
    await Promise.all([...this.#all].map((id) => this.remove(id)));
  }

  /** Removes it; when the engine does not answer now, it is asked again later. Never rejects. */
  async remove(id: string): Promise<void> {
    const waiting = [...this.#left, id];
    this.#left.clear();
    await Promise.all(
      waiting.map((each) =>
        this.api.remove(each).then(
          () => this.#all.delete(each),
          () => this.#left.add(each),
        ),
      ),
    );
  }

  close(): void {
    this.owner.close();
    this.#connection.close();
  }

  async #removeLeftovers(): Promise<void> {
    for (const { id, labels } of await this.api.list(`${LABELS.platform}=${this.owner.machine}`))
      if (await this.owner.isGone(labels[LABELS.owner] ?? '')) await this.remove(id);
    await removeLeftFolders(this.owner);
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** What an engine refuses that has nothing to do with one function. */
function asEngineError(where: string, cause: unknown): unknown {
  return cause instanceof Error && cause.name === 'WeftError'
    ? cause
    : engineError(where, cause instanceof Error ? cause.message : String(cause), cause);
}
