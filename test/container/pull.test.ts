import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { registryAuth } from '../../src/drivers/container/credentials.ts';
import { testsWithEngine } from './engine.ts';
import { TestDriver } from './harness.ts';
import { PASSWORD, TestRegistry, USER } from './registry.ts';

const folder = await mkdtemp(join(tmpdir(), 'weft-pull-'));

const { engine, test: engineTest } = await testsWithEngine();
after(() => rm(folder, { recursive: true }));

let configs = 0;

/** A folder with that config.json, as the environment names it. */
async function config(content: unknown): Promise<Record<string, string>> {
  const path = join(folder, `config-${configs++}`);
  await mkdir(path);
  await writeFile(join(path, 'config.json'), JSON.stringify(content));
  return { DOCKER_CONFIG: path };
}

/** A credential helper that knows one server. @returns the environment that finds it */
async function helper(name: string, server: string, user: string, secret: string): Promise<Record<string, string>> {
  const path = join(folder, 'bin');
  await mkdir(path, { recursive: true });
  const answer = JSON.stringify({ ServerURL: server, Username: user, Secret: secret });
  const script = `#!/bin/sh\nread server\nif [ "$1 $server" = 'get ${server}' ]; then echo '${answer}'; else echo 'credentials not found in native keychain'; exit 1; fi\n`;
  await writeFile(join(path, `docker-credential-${name}`), script, { mode: 0o755 });
  return { PATH: `${path}:${process.env['PATH'] ?? ''}` };
}

async function auth(env: Record<string, string>, registry: string): Promise<unknown> {
  const header = await registryAuth(env, registry);
  return header === undefined ? undefined : JSON.parse(Buffer.from(header, 'base64url').toString());
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

suite('credentials for a registry', () => {
  test('are those that docker login left, under whatever key', async () => {
    const env = await config({
      auths: { 'https://registry.example/v1/': { auth: base64('me:pass:word') }, 'https://index.docker.io/v1/': { auth: base64('hub:x') } },
    });
    assert.deepEqual(await auth(env, 'registry.example'), { username: 'me', password: 'pass:word', serveraddress: 'registry.example' });
    assert.deepEqual(await auth(env, 'docker.io'), { username: 'hub', password: 'x', serveraddress: 'https://index.docker.io/v1/' });
    assert.equal(await auth(env, 'other.example'), undefined);
    assert.equal(await auth({ DOCKER_CONFIG: join(folder, 'none') }, 'docker.io'), undefined);
  });

  test('are asked of the helper that is named for the registry, or for all', async () => {
    const path = await helper('tests', 'registry.example', '<token>', 'an identity');
    const one = { ...(await config({ credHelpers: { 'registry.example': 'tests' } })), ...path };
    assert.deepEqual(await auth(one, 'registry.example'), { identitytoken: 'an identity', serveraddress: 'registry.example' });
    const all = { ...(await config({ credsStore: 'tests', auths: { 'other.example': { auth: base64('o:p') } } })), ...path };
    assert.deepEqual(await auth(all, 'registry.example'), { identitytoken: 'an identity', serveraddress: 'registry.example' });
    assert.deepEqual(await auth(all, 'other.example'), { username: 'o', password: 'p', serveraddress: 'other.example' });
    const absent = await config({ credsStore: 'not-there' });
    await assert.rejects(auth({ ...absent, ...path }, 'registry.example'), /docker-credential-not-there cannot be used/);
  });

  test("may stand in IronFunctions' DOCKER_AUTH", async () => {
    const env = {
      DOCKER_CONFIG: folder,
      DOCKER_AUTH: JSON.stringify([{ name: 'https://registry.example', username: 'iron', password: 'p' }]),
    };
    assert.deepEqual(await auth(env, 'registry.example'), { username: 'iron', password: 'p', serveraddress: 'registry.example' });
    await assert.rejects(auth({ ...env, DOCKER_AUTH: 'iron:p' }, 'registry.example'), /DOCKER_AUTH cannot be used: a JSON list/);
  });
});

suite('an image that is not here', () => {
  engineTest('is fetched from its registry, with the credentials for it', async () => {
    await using registry = await TestRegistry.start(join(engine.folder, 'weft-guest'));
    const env = await config({ auths: { [registry.host]: { auth: base64(`${USER}:${PASSWORD}`) } } });
    await using driver = new TestDriver({ ...engine.env, ...env });
    const it = await driver.open('stdio', { image: `${registry.host}/private/by-config:1`, command: ['filter', 'upper'] });
    assert.equal((await it.ask({ text: 'pulled' })).body, 'PULLED');

    const path = await helper('keeper', registry.host, USER, PASSWORD);
    await using other = new TestDriver({ ...engine.env, ...(await config({ credHelpers: { [registry.host]: 'keeper' } })), ...path });
    const second = await other.open('stdio', { image: `${registry.host}/private/by-helper:1`, command: ['filter', 'upper'] });
    assert.equal((await second.ask({ text: 'pulled' })).body, 'PULLED');
  });

  engineTest('refuses its function when it cannot be fetched, with the reason of the registry', async () => {
    await using registry = await TestRegistry.start(join(engine.folder, 'weft-guest'));
    const image = `${registry.host}/private/guest`;
    const wrong = await config({ auths: { [registry.host]: { auth: base64(`${USER}:wrong`) } } });
    for (const env of [engine.env, { ...engine.env, ...wrong }]) {
      await using driver = new TestDriver(env);
      await assert.rejects(
        driver.open('http', { image: `${image}:1` }),
        /Cannot use the image .*guest:1 of "it": .*(authentication required|no basic auth)/,
      );
    }
    const right = await config({ auths: { [registry.host]: { auth: base64(`${USER}:${PASSWORD}`) } } });
    await using driver = new TestDriver({ ...engine.env, ...right });
    await assert.rejects(driver.open('http', { image }), /Cannot use the image .*manifest unknown/);
    await assert.rejects(driver.open('http', { image: 'NO:such:image' }), /Cannot use the image NO:such:image/);
  });
});
