/** A registry with one image under every name, for who has the password: enough of the distribution API for a pull. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';
export const USER = 'reader';
export const PASSWORD = 'open: sesame';

interface Blob {
  readonly digest: string;
  readonly content: Buffer;
}

function blob(content: Buffer): Blob {
  return { digest: digestOf(content), content };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

export class TestRegistry implements AsyncDisposable {
  readonly #server: Server;
  readonly #blobs: readonly Blob[];
  readonly #manifest: Buffer;

  /** `root`: the image's files, with the program /guest. */
  static async start(root: string): Promise<TestRegistry> {
    const { stdout } = await promisify(execFile)('tar', ['-C', root, '-cz', '.'], { encoding: 'buffer', maxBuffer: 2 ** 26 });
    const registry = new TestRegistry(blob(stdout));
    registry.#server.listen(0, '127.0.0.1');
    await once(registry.#server, 'listening');
    return registry;
  }

  private constructor(layer: Blob) {
    const config = blob(
      Buffer.from(
        JSON.stringify({
          architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
          os: 'linux',
          config: { Entrypoint: ['/guest'] },
          rootfs: { type: 'layers', diff_ids: [digestOf(gunzipSync(layer.content))] },
        }),
      ),
    );
    const described = (mediaType: string, { digest, content }: Blob): object => ({ mediaType, size: content.length, digest });
    this.#blobs = [config, layer];
    this.#manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST_TYPE,
        config: described('application/vnd.docker.container.image.v1+json', config),
        layers: [described('application/vnd.docker.image.rootfs.diff.tar.gzip', layer)],
      }),
    );
    this.#server = createServer((request, answer) => this.#answer(request, answer));
  }

  /** What names in it begin with. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer({ url = '', headers }: IncomingMessage, answer: ServerResponse): void {
    const expected = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
    if (headers.authorization !== expected) {
      answer.writeHead(401, { 'www-authenticate': 'Basic realm="tests"', 'content-type': 'application/json' });
      answer.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
      return;
    }
    const found = this.#blobs.find(({ digest }) => url.endsWith(`/blobs/${digest}`));
    if (url === '/v2/') answer.end('{}');
    else if (url.endsWith('/manifests/1') || url.endsWith(`/manifests/${digestOf(this.#manifest)}`)) {
      const headers = { 'content-type': MANIFEST_TYPE, 'docker-content-digest': digestOf(this.#manifest) };
      answer.writeHead(200, { ...headers, 'content-length': this.#manifest.length });
      answer.end(this.#manifest);
    } else if (found) {
      answer.writeHead(200, { 'content-length': found.content.length });
      answer.end(found.content);
    } else answer.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
  }
}
