/** The admin API over HTTP, as tools ask it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AdminClient } from '../../src/gateway/admin/client.ts';
import { WeftError } from '../../src/model/errors.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { bundle, settings } from './bundles.ts';
import { BAD_INIT, ECHO, says, TestPlatform } from './harness.ts';

let it: TestPlatform;
let client: AdminClient;
before(async () => {
  it = await TestPlatform.start();
  client = new AdminClient({ url: it.platform.url, password: it.platform.password });
});
after(() => it[Symbol.asyncDispose]());

const json = async (path: string, method = 'GET', content?: unknown): Promise<{ status: number; body: unknown }> => {
  const answer = await it.admin(path, { method, ...(content === undefined ? {} : { body: JSON.stringify(content) }) });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
};

const codeOf = (body: unknown): string => (body as { error: { code: string } }).error.code; // compared right after

async function upload(wasm: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = digestOf(wasm);
  const { status } = await it.admin(`/system/artifacts/${digest}`, { method: 'PUT', body: wasm });
  assert.ok(status === 200 || status === 201);
  return digest;
}

const isError = (code: string) => (error: unknown) => error instanceof WeftError && error.code === code;

test('without the password there is nothing but health and, for this machine, metrics', async () => {
  const { url, password } = it.platform;
  const basic = (text: string): Record<string, string> => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
  const wrong = [
    {},
    basic('admin:'),
    basic(`admin:${password}x`),
    basic(`admin:${password.slice(1)}`),
    basic(`root:${password}`),
    basic(password),
    { authorization: `Bearer ${password}` },
    { authorization: 'Basic' },
    { authorization: 'Basic !!!' },
  ];
  const paths = [
    '/system/functions',
    '/system/%66unctions',
    '/system/functions?x=/healthz',
    '/system/apps',
    '/system/logs',
    '/system/info',
  ];
  for (const headers of wrong) {
    for (const path of paths) {
      const answer = await fetch(url + path, { headers });
      assert.equal(answer.status, 401, path);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic realm=/);
      assert.equal(codeOf(await answer.json()), 'WEFT_UNAUTHORIZED');
    }
  }
  assert.equal((await fetch(`${url}/system/apps/x`, { method: 'DELETE' })).status, 401);
  assert.equal((await fetch(`${url}/system/functions`, { headers: basic(`admin:${password}`) })).status, 200);
  assert.equal(await (await fetch(`${url}/healthz`)).text(), 'OK');
  assert.equal((await fetch(`${url}/metrics`)).status, 200);
  assert.equal((await fetch(`${url}/nowhere`)).status, 404);
});

test('who can be reached from outside asks for the password for metrics as well', async () => {
  await using open = await TestPlatform.start({ host: '0.0.0.0', threads: 1 });
  assert.equal((await fetch(`${open.platform.url}/metrics`)).status, 401);
  assert.equal((await open.admin('/metrics')).status, 200);
  assert.equal((await fetch(`${open.platform.url}/healthz`)).status, 200);
});

test('functions are deployed, listed, updated, scaled and removed in the shapes of OpenFaaS', async () => {
  const image = `sha256:${await upload(says('of'))}`;
  const service = {
    service: 'of',
    image,
    envVars: { KEY: 'value' },
    labels: { team: 'x' },
    annotations: { note: 'y' },
    limits: { memory: '5Mi' },
  };
  assert.equal((await json('/system/functions', 'PUT', service)).status, 404);
  assert.equal((await json('/system/functions', 'POST', service)).status, 202);
  assert.equal((await it.invoke('of.openfaas-fn')).body, 'of');
  const { body } = await json('/system/function/of');
  const { createdAt, weft, ...rest } = body as Record<string, unknown>;
  assert.deepEqual(rest, {
    name: 'of',
    image,
    namespace: 'openfaas-fn',
    envVars: { KEY: 'value' },
    labels: { team: 'x', faas_function: 'of' },
    annotations: { note: 'y' },
    invocationCount: 1,
    replicas: 2,
    availableReplicas: 2,
  });
  assert.ok(!Number.isNaN(Date.parse(String(createdAt))));
  assert.equal((weft as { limits: { memoryBytes: number } }).limits.memoryBytes, 5 * 1024 * 1024);
  const other = `sha256:${await upload(says('other'))}`;
  assert.equal((await json('/system/functions', 'PUT', { service: 'of', image: other, namespace: 'openfaas-fn' })).status, 202);
  assert.equal((await it.invoke('of')).body, 'other');
  assert.equal((await json('/system/functions', 'POST', { service: 'second', image })).status, 202);
  const listed = async (query = ''): Promise<string[]> =>
    ((await json(`/system/functions${query}`)).body as { name: string }[]).map(({ name }) => name);
  assert.deepEqual(await listed('?namespace=openfaas-fn'), ['of', 'second']);
  assert.deepEqual(await listed('?namespace=none'), []);
  assert.equal((await json('/system/scale-function/of', 'POST', { serviceName: 'of', replicas: 0 })).status, 202);
  assert.equal(((await json('/system/function/of?namespace=openfaas-fn')).body as { replicas: number }).replicas, 0);
  assert.equal((await json('/system/functions', 'DELETE', { functionName: 'of', namespace: 'openfaas-fn' })).status, 202);
  assert.deepEqual(await listed('?namespace=openfaas-fn'), ['second']);
  assert.equal((await json('/system/functions?namespace=openfaas-fn', 'DELETE', { functionName: 'second' })).status, 202);
  assert.equal((await json('/system/functions', 'DELETE', { functionName: 'second' })).status, 404);
  assert.ok(!((await json('/system/namespaces')).body as string[]).includes('openfaas-fn'));
});

test('what the next start could not read again is refused, and changes nothing', async () => {
  const image = `sha256:${await upload(says('lasting'))}`;
  const service = { service: 'lasting', namespace: 'lasting-app', image };
  assert.equal((await json('/system/functions', 'POST', service)).status, 202);
  for (const envVars of [{ 'A=B': 'value' }, { '': 'value' }, { KEY: 'val\0ue' }]) {
    const refused = await json('/system/functions', 'POST', { ...service, envVars });
    assert.deepEqual([refused.status, codeOf(refused.body)], [400, 'WEFT_APP_INVALID'], JSON.stringify(envVars));
  }
  assert.equal((await it.invoke('lasting')).body, 'lasting');
  await client.remove('lasting-app');
});

test('a whole app is deployed from artifacts that were uploaded before', async () => {
  const wasm = await upload(ECHO);
  const app = { functions: [{ settings: settings('whole'), wasm }] };
  const first = await json('/system/apps/whole-app', 'PUT', app);
  assert.deepEqual(first, { status: 200, body: { app: 'whole-app', version: (first.body as { version: number }).version, changed: true } });
  assert.equal(((await json('/system/apps/whole-app', 'PUT', app)).body as { changed: boolean }).changed, false);
  assert.equal((await it.invoke('whole', 'x')).body, 'x');
  assert.equal((await json('/system/apps/whole-app', 'DELETE')).status, 200);
  assert.equal((await json('/system/apps/whole-app', 'DELETE')).status, 404);
  assert.equal((await it.invoke('whole')).status, 404);
});

/** As it comes from JSON: the key is one like others, and no prototype. */
const PROTO = JSON.parse('{"__proto__": "x"}') as Record<string, string>; // an object, as written

test('a key named __proto__ is refused wherever it stands, and nothing is deployed without it', async () => {
  const wasm = await upload(ECHO);
  const image = `sha256:${wasm}`;
  const fn = { settings: settings('proto'), wasm };
  const app = (more: object): object => ({ functions: [{ ...fn, ...more }] });
  const setting = (more: object): object => app({ settings: { ...fn.settings, ...more } });
  const service = { service: 'proto', namespace: 'proto-app', image };
  const cases: readonly (readonly [content: object, place: string])[] = [
    [setting({ env: PROTO }), 'functions.0.settings.env: '],
    [setting({ secrets: PROTO }), 'functions.0.settings.secrets: '],
    [app({ files: PROTO }), 'functions.0.files: '],
    [app({ labels: PROTO }), 'functions.0.labels: '],
    [app({ annotations: PROTO }), 'functions.0.annotations: '],
    [{ ...PROTO, ...app({}) }, ''],
    [{ ...service, envVars: PROTO }, 'envVars: '],
    [{ ...service, labels: PROTO }, 'labels: '],
    [{ ...service, annotations: PROTO }, 'annotations: '],
  ];
  for (const [content, place] of cases) {
    const [path, method] = 'service' in content ? ['/system/functions', 'POST'] : ['/system/apps/proto-app', 'PUT'];
    const { status, body } = await json(path, method, content);
    assert.equal(status, 400, place);
    const reason = `The request is not valid: ${place}a key cannot be named "__proto__"`;
    assert.deepEqual((body as { error: object }).error, {
      code: 'WEFT_ADMIN_REQUEST',
      message: reason,
      hint: 'docs/admin.md says what each route takes',
    });
  }
  const inside = bundle('proto-app', { proto: { settings: settings('proto', { env: PROTO }), wasm: ECHO, files: {} } });
  await assert.rejects(it.platform.deploy(inside), isError('WEFT_APP_INVALID'));
  assert.equal((await it.invoke('proto')).status, 404);
  assert.equal(Reflect.get({}, 'x'), undefined);
});

test('names of what every object has are keys like others', async () => {
  const words = { constructor: 'a', toString: 'b', hasOwnProperty: 'c', prototype: 'd' };
  const fn = { settings: settings('words', { env: words }), wasm: await upload(ECHO), labels: words };
  assert.equal((await json('/system/apps/words-app', 'PUT', { functions: [fn] })).status, 200);
  const { env, labels } = await client.describe('words');
  assert.deepEqual([env, labels], [words, words]);
  await client.remove('words-app');
});

test('an artifact is kept under its own digest only', async () => {
  const digest = digestOf(says('artifact'));
  assert.equal((await it.admin(`/system/artifacts/${digest}`, { method: 'HEAD' })).status, 404);
  const wrong = await it.admin(`/system/artifacts/${digest}`, { method: 'PUT', body: ECHO });
  assert.deepEqual([wrong.status, codeOf(await wrong.json())], [400, 'WEFT_ARTIFACT_INVALID']);
  assert.equal((await it.admin(`/system/artifacts/${digest}`, { method: 'HEAD' })).status, 404);
  assert.equal((await it.admin(`/system/artifacts/${digest}`, { method: 'PUT', body: says('artifact') })).status, 201);
  assert.equal((await it.admin(`/system/artifacts/${digest}`, { method: 'HEAD' })).status, 200);
  for (const name of ['x', digest.toUpperCase(), `${digest}0`, '..%2fpassword', '..%2f..%2fetc%2fpasswd'])
    assert.equal((await it.admin(`/system/artifacts/${name}`, { method: 'PUT', body: 'x' })).status, 400, name);
});

const DIGEST = '0'.repeat(64);
const good = { settings: settings('bad-input'), wasm: DIGEST };
const PROCESS = {
  kind: 'process',
  sandbox: 'strict',
  network: 'none',
  mounts: [],
  workDir: '/tmp',
  resources: { processes: 1, cpus: 0, openFiles: 64, instances: 1 },
};
const REFUSED: Readonly<Record<string, readonly [path: string, method: string, body: string, status: number, code: string]>> = {
  'no body': ['/system/functions', 'POST', '', 400, 'WEFT_ADMIN_REQUEST'],
  'no JSON': ['/system/functions', 'POST', '{"service":', 400, 'WEFT_ADMIN_REQUEST'],
  'no UTF-8': ['/system/functions', 'POST', '\u{d800}', 400, 'WEFT_ADMIN_REQUEST'],
  'an array': ['/system/functions', 'POST', '[]', 400, 'WEFT_ADMIN_REQUEST'],
  'no image': ['/system/functions', 'POST', '{"service":"x"}', 400, 'WEFT_ADMIN_REQUEST'],
  'an image that is no name': ['/system/functions', 'POST', '{"service":"x","image":"--privileged alpine"}', 400, 'WEFT_ADMIN_REQUEST'],
  'a share of a processor that is none': [
    '/system/functions',
    'POST',
    '{"service":"x","image":"alpine","limits":{"cpu":"much"}}',
    400,
    'WEFT_ADMIN_REQUEST',
  ],
  'a contract that no container has': [
    '/system/functions',
    'POST',
    '{"service":"x","image":"alpine","annotations":{"weft.contract":"weft"}}',
    400,
    'WEFT_ADMIN_REQUEST',
  ],
  'a process without a program': [
    '/system/apps/bad-input',
    'PUT',
    JSON.stringify({ functions: [{ settings: { ...settings('bad-input'), isolation: PROCESS } }] }),
    400,
    'WEFT_MODULE_REFUSED',
  ],
  'an artifact that is not there': [
    '/system/functions',
    'POST',
    `{"service":"x","image":"sha256:${DIGEST}"}`,
    409,
    'WEFT_ARTIFACT_MISSING',
  ],
  'secrets that would be forgotten': [
    '/system/functions',
    'POST',
    `{"service":"x","image":"sha256:${DIGEST}","secrets":["s"]}`,
    400,
    'WEFT_ADMIN_REQUEST',
  ],
  'an unknown function to remove': ['/system/functions', 'DELETE', '{"functionName":"nobody"}', 404, 'WEFT_FUNCTION_NOT_FOUND'],
  'an unknown function to scale': ['/system/scale-function/nobody', 'POST', '{"replicas":1}', 404, 'WEFT_FUNCTION_NOT_FOUND'],
  'replicas below zero': ['/system/scale-function/nobody', 'POST', '{"replicas":-1}', 400, 'WEFT_ADMIN_REQUEST'],
  'an app without functions': ['/system/apps/x', 'PUT', '{"functions":[]}', 400, 'WEFT_ADMIN_REQUEST'],
  'a word that is not known': ['/system/apps/x', 'PUT', JSON.stringify({ functions: [{ ...good, wsam: 1 }] }), 400, 'WEFT_ADMIN_REQUEST'],
  'half a page of memory': [
    '/system/apps/x',
    'PUT',
    JSON.stringify({ functions: [{ wasm: DIGEST, settings: settings('m', { limits: { ...settings('m').limits, memoryBytes: 1000 } }) }] }),
    400,
    'WEFT_ADMIN_REQUEST',
  ],
  'a path that leaves the guest': [
    '/system/apps/x',
    'PUT',
    JSON.stringify({ functions: [{ ...good, files: { 'etc/x': DIGEST } }] }),
    400,
    'WEFT_ADMIN_REQUEST',
  ],
  'an app that cannot be named so': ['/system/apps/a.b', 'PUT', JSON.stringify({ functions: [good] }), 400, 'WEFT_NAME_INVALID'],
  'modules that were not uploaded': ['/system/apps/x', 'PUT', JSON.stringify({ functions: [good] }), 409, 'WEFT_ARTIFACT_MISSING'],
  'a route that is not there': ['/system/nothing', 'GET', '', 404, 'WEFT_NO_ROUTE'],
  'a path that cannot be decoded': ['/system/function/%ff', 'GET', '', 400, 'WEFT_ADMIN_REQUEST'],
  'a log of nobody': ['/system/logs?name=nobody', 'GET', '', 404, 'WEFT_FUNCTION_NOT_FOUND'],
  'a tail that is no number': ['/system/logs?tail=-1', 'GET', '', 422, 'WEFT_LOG_QUERY'],
  'a time that is none': ['/system/logs?since=yesterday', 'GET', '', 422, 'WEFT_LOG_QUERY'],
  'to follow maybe': ['/system/logs?follow=maybe', 'GET', '', 422, 'WEFT_LOG_QUERY'],
};

for (const [what, [path, method, body, status, code]] of Object.entries(REFUSED)) {
  test(`refused with ${status}: ${what}`, async () => {
    const bytes = what === 'no UTF-8' ? new Uint8Array([0xff, 0xfe]) : body;
    const answer = await it.admin(path, { method, ...(body === '' ? {} : { body: bytes }) });
    const answered = (await answer.json()) as { error: { code: string; message: string; hint: string } }; // compared right after
    assert.deepEqual([answer.status, answered.error.code], [status, code]);
    assert.ok(answered.error.message !== '' && answered.error.hint !== '');
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
  });
}

test('a body that is no JSON and is called something else is answered with 415, or with 400 where OpenFaaS has no other', async () => {
  const types = ['application/yaml', 'application/yaml; charset=utf-8', 'multipart/form-data; boundary=x', 'nonsense'];
  for (const type of types) {
    const headers = { 'content-type': type };
    const ours = await it.admin('/system/apps/x', { method: 'PUT', body: 'app: x', headers });
    assert.deepEqual(
      [ours.status, await ours.json()],
      [
        415,
        {
          error: {
            code: 'WEFT_MEDIA_TYPE',
            message: `The body is called "${type}", which is not taken here`,
            hint: 'Send JSON, as "content-type: application/json"; what an artifact holds, as "content-type: application/octet-stream"',
          },
        },
      ],
    );
    const theirs = await it.admin('/system/functions', { method: 'POST', body: 'service: x', headers });
    const { error } = (await theirs.json()) as { error: { code: string; message: string } }; // compared right after
    assert.deepEqual([theirs.status, error.code, error.message.includes(`"${type}"; send JSON`)], [400, 'WEFT_ADMIN_REQUEST', true]);
  }
  for (const type of ['application/json', 'application/json; charset=utf-8', 'application/x-www-form-urlencoded', 'text/plain']) {
    const broken = await it.admin('/system/apps/x', { method: 'PUT', body: '{"functions":', headers: { 'content-type': type } });
    assert.deepEqual([broken.status, codeOf(await broken.json())], [400, 'WEFT_ADMIN_REQUEST'], type);
  }
});

test('what is JSON is taken as JSON, whatever a client calls it', async () => {
  const app = JSON.stringify({ functions: [{ settings: settings('called'), wasm: await upload(ECHO) }] });
  for (const type of ['application/json', 'application/vnd.x+json', 'application/x-www-form-urlencoded', 'application/octet-stream']) {
    const answer = await it.admin('/system/apps/called-app', { method: 'PUT', body: app, headers: { 'content-type': type } });
    assert.equal(answer.status, 200, type);
  }
  await client.remove('called-app');
});

test('the client deploys, lists, describes, scales and removes', async () => {
  const files = { '/data': new TextEncoder().encode('data') };
  const app = bundle('client', { one: { settings: settings('one'), wasm: ECHO, files }, two: says('two') }, [['one', 'two']]);
  const first = await client.deploy(app);
  assert.deepEqual([first.app, first.changed], ['client', true]);
  assert.deepEqual(await client.deploy(app), { ...first, changed: false });
  assert.deepEqual(
    (await client.list()).find((each) => each.app === 'client')?.functions.map(({ name, group }) => [name, group]),
    [
      ['one', ['one', 'two']],
      ['two', ['one', 'two']],
    ],
  );
  assert.equal((await client.describe('two.client')).image, `sha256:${digestOf(says('two'))}`);
  await client.scale('two', 0);
  await client.removeFunction('two');
  await assert.rejects(client.describe('two'), isError('WEFT_FUNCTION_NOT_FOUND'));
  assert.equal((await it.invoke('one', 'still')).body, 'still');
  await client.remove('client');
  await assert.rejects(client.remove('client'), isError('WEFT_APP_NOT_FOUND'));
});

test('the client tells what the platform told, in its words', async () => {
  const here = await client.deploy(bundle('told', { told: BAD_INIT })).catch((error: unknown) => error);
  assert.ok(here instanceof WeftError);
  assert.equal(here.code, 'WEFT_INIT_FAILED');
  assert.ok(here.message.includes('told') && here.hint.includes('weft logs told'), `${here.message} ${here.hint}`);
  const stranger = new AdminClient({ url: it.platform.url, password: 'no' });
  await assert.rejects(stranger.list(), isError('WEFT_UNAUTHORIZED'));
  await assert.rejects(stranger.deploy(bundle('told', { told: ECHO })), isError('WEFT_UNAUTHORIZED'));
  const nobody = new AdminClient({ url: 'http://127.0.0.1:1', password: 'no' });
  await assert.rejects(nobody.list(), isError('WEFT_NOT_RUNNING'));
});
