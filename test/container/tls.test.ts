import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite } from 'node:test';
import { makeCertificates } from './certificates.ts';
import { testsWithEngine } from './engine.ts';
import { codeOf, eventually, TestDriver } from './harness.ts';

const folder = await mkdtemp(join(tmpdir(), 'weft-tls-'));
const certificates = join(folder, 'engine');
const { engine, test } = await makeCertificates(certificates).then(
  () => testsWithEngine({ tls: certificates }),
  (cause: unknown) => testsWithEngine(`openssl: ${String(cause)}`),
);
after(() => rm(folder, { recursive: true }));

suite('an engine behind TLS', () => {
  const host = `tcp://127.0.0.1:${engine.tlsPort}`;
  const env = { DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates, DOCKER_CONFIG: join(folder, 'none') };

  test('runs servers, whose ports it publishes', async () => {
    await using driver = new TestDriver(env);
    const it = await driver.open('http', {}, { env: { LATE_MS: '100' } });
    assert.equal((await it.ask({ text: 'over TLS' })).body, 'over TLS');
    assert.equal((await it.ask({ text: 'again' })).body, 'again');
  });

  test('runs filters: the end of their input arrives, and all of their output after it', async () => {
    await using driver = new TestDriver(env);
    const it = await driver.open('stdio', { command: ['filter', 'upper'], network: 'none' });
    const large = 'z'.repeat(2_000_000);
    assert.equal((await it.ask({ text: large })).body, large.toUpperCase());
    assert.deepEqual(await engine.containers(), []);
  });

  test('is not spoken to when its certificate is of another authority', async () => {
    const other = join(folder, 'other');
    await makeCertificates(other);
    await using driver = new TestDriver({ ...env, DOCKER_CERT_PATH: other });
    await assert.rejects(driver.open('http', {}), /container engine at tcp:.*cannot be used: .*certificate/);
  });

  test('refuses who has no certificate', async () => {
    const bare = join(folder, 'bare');
    await mkdir(bare);
    await cp(join(certificates, 'ca.pem'), join(bare, 'ca.pem'));
    await using driver = new TestDriver({ ...env, DOCKER_CERT_PATH: bare });
    assert.equal(await codeOf(driver.open('http', {})), 'WEFT_CONTAINER_ENGINE');
  });

  test('is found through the current Docker context, or the one that DOCKER_CONTEXT names', async () => {
    const config = join(folder, 'config');
    const id = createHash('sha256').update('there').digest('hex');
    await mkdir(join(config, 'contexts/meta', id), { recursive: true });
    await writeFile(
      join(config, 'contexts/meta', id, 'meta.json'),
      JSON.stringify({ Name: 'there', Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } }),
    );
    const tls = join(config, 'contexts/tls', id, 'docker');
    await mkdir(tls, { recursive: true });
    for (const name of ['ca.pem', 'cert.pem', 'key.pem']) await cp(join(certificates, name), join(tls, name));
    {
      await using driver = new TestDriver({ DOCKER_CONFIG: config, DOCKER_CONTEXT: 'there' });
      assert.equal((await (await driver.open('stdio', { command: ['filter', 'upper'] })).ask({ text: 'named' })).body, 'NAMED');
    }
    await writeFile(join(config, 'config.json'), JSON.stringify({ currentContext: 'there' }));
    await using driver = new TestDriver({ DOCKER_CONFIG: config });
    assert.equal((await (await driver.open('stdio', { command: ['filter', 'upper'] })).ask({ text: 'current' })).body, 'CURRENT');
  });

  test('freezes and removes as any other', async () => {
    await using driver = new TestDriver(env);
    const it = await driver.open('http', { freezeMs: 20 }, { warm: 1 });
    await eventually(async () => (await engine.containers())[0]?.State === 'paused');
    assert.equal((await it.ask({ text: 'awake' })).body, 'awake');
    await it.driven?.close();
    assert.deepEqual(await engine.containers(), []);
  });
});
