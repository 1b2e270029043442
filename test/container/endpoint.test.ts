import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { findEndpoint } from '../../src/drivers/container/endpoint.ts';
import { containerDriver } from '../../src/drivers/container/driver.ts';
import { settings } from '../admin/bundles.ts';
import { WIRES } from './wires.ts';

const folder = await mkdtemp(join(tmpdir(), 'weft-endpoint-'));
after(() => rm(folder, { recursive: true }));
const none = { DOCKER_CONFIG: join(folder, 'none') };

suite('where the container engine is', () => {
  test('is what DOCKER_HOST says, with the usual ports', async () => {
    const addresses: Record<string, unknown> = {
      'unix:///some/docker.sock': { kind: 'unix', path: '/some/docker.sock' },
      'tcp://10.0.0.2': { kind: 'tcp', host: '10.0.0.2', port: 2375 },
      'tcp://engine.example:80': { kind: 'tcp', host: 'engine.example', port: 80 },
      'http://[::1]:4000/': { kind: 'tcp', host: '::1', port: 4000 },
      'https://engine.example': { kind: 'tcp', host: 'engine.example', port: 2376 },
    };
    for (const [host, address] of Object.entries(addresses))
      assert.deepEqual((await findEndpoint({ ...none, DOCKER_HOST: host, DOCKER_CONTEXT: 'ignored' })).address, address);
  });

  test('is told clearly when the settings lead nowhere', async () => {
    await mkdir(join(folder, 'half'));
    await writeFile(join(folder, 'half/ca.pem'), '');
    await writeFile(join(folder, 'half/cert.pem'), '');
    await mkdir(join(folder, 'broken'));
    await writeFile(join(folder, 'broken/config.json'), '{"auths": 5}');
    const settings: [Record<string, string>, RegExp][] = [
      [{ DOCKER_HOST: 'ssh://me@there' }, /ssh -L/],
      [{ DOCKER_HOST: 'npipe:////./pipe/docker' }, /named pipes/],
      [{ DOCKER_HOST: 'fd://' }, /fd:\/\/ cannot be used/],
      [{ DOCKER_HOST: 'localhost:2375' }, /begins with unix:\/\/ or tcp:\/\//],
      [{ DOCKER_HOST: 'tcp://' }, /a host and a port/],
      [{ DOCKER_HOST: 'unix://relative' }, /begins with \//],
      [{ DOCKER_HOST: 'tcp://there', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(folder, 'none') }, /no ca\.pem/],
      [
        { DOCKER_HOST: 'tcp://there', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(folder, 'half') },
        /cert\.pem is there without key\.pem/,
      ],
      [{ DOCKER_CONTEXT: 'nowhere' }, /no Docker context of that name/],
      [{ DOCKER_CONFIG: join(folder, 'broken') }, /broken\/config\.json cannot be used/],
    ];
    for (const [env, reason] of settings) await assert.rejects(findEndpoint({ ...none, ...env }), reason);
  });

  test("is Podman's socket of the user when Docker's is not there", async (context) => {
    const endpoint = await findEndpoint(none).catch(() => undefined);
    if (endpoint) return context.skip(`there is one at ${endpoint.where}`);
    const runtime = join(folder, 'run');
    await mkdir(join(runtime, 'podman'), { recursive: true });
    await writeFile(join(runtime, 'podman/podman.sock'), '');
    assert.equal((await findEndpoint({ ...none, XDG_RUNTIME_DIR: runtime })).where, `unix://${runtime}/podman/podman.sock`);
    await assert.rejects(findEndpoint(none), /there is none, nor at .*podman\.sock/);
  });

  test('may answer nothing, or nothing that is understood', async () => {
    const socket = join(folder, 'odd.sock');
    const server = createServer((connection) => connection.end('HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nwhat is'));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const refusals = async (host: string): Promise<string> => {
      const driver = containerDriver(WIRES, { env: { ...none, DOCKER_HOST: host } });
      const isolation = {
        kind: 'container',
        image: 'x',
        network: 'bridge',
        mounts: [],
        resources: { processes: 1, cpus: 0, openFiles: 16, instances: 1 },
      } as const;
      const spec = settings('it', { contract: 'http', isolation });
      const host_ = { log: () => {}, instances: () => {}, coldStart: () => {}, call: () => Promise.reject(new Error('none')) };
      const error = await driver
        .open({ app: 'a', version: 1, spec, program: undefined, files: {} }, host_)
        .catch((cause: unknown) => cause);
      await driver.close();
      return error instanceof Error ? error.message : 'none';
    };
    assert.match(await refusals(`unix://${socket}`), /cannot be used: its answer is not understood/);
    assert.match(await refusals(`unix://${folder}/absent.sock`), /cannot be used: .*ENOENT/);
    server.close();
  });
});
