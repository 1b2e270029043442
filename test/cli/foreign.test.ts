/** Other platforms' manifests, from the command line to the answer of a function. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { suite, test } from 'node:test';
import { type Running, until, Workshop } from './weft.ts';

const UPPER = `#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
  fprintf(stderr, "%s %s %s\\n", getenv("Http_Method"), getenv("GREETING"), argc > 1 ? argv[1] : "");
  for (int c; (c = getchar()) != EOF;) putchar(toupper(c));
  return 0;
}
`;
const SECRET = `#include <stdio.h>
int main(void) {
  FILE *file = fopen("/var/openfaas/secrets/api-key", "r");
  char text[64] = "";
  if (file) fgets(text, sizeof text, file);
  printf("%s", text);
  return 0;
}
`;
const IRON = `#include <stdio.h>
#include <stdlib.h>
int main(void) { printf("%s %s %s", getenv("METHOD"), getenv("ROUTE"), getenv("DB_URL")); return getenv("HEADER_X_FAIL") != NULL; }
`;

const STACK = {
  'stack.yaml': `version: 1.0
provider:
  name: openfaas
  gateway: http://127.0.0.1:8080
functions:
  upper:
    lang: c
    handler: ./upper
    image: me/upper:latest
    fprocess: ./upper -v
    environment:
      GREETING: \${GREETING:-hi}
  secret:
    lang: c
    handler: ./secret
    secrets: [api-key]
    labels: {team: blue}
  site:
    lang: c
    handler: ./site
    environment: {mode: static}
`,
  'upper/upper.c': UPPER,
  'secret/secret.c': SECRET,
  'site/index.html': '<h1>home</h1>',
  '.secrets/api-key': 'hush',
};

async function folder(workshop: Workshop, name: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(workshop.path(name, path)), { recursive: true });
    await writeFile(workshop.path(name, path), text);
  }
  return workshop.path(name);
}

const call = (up: Running, name: string, init: RequestInit = {}): Promise<Response> => fetch(`${up.url}/function/${name}`, init);

suite("weft up with other platforms' manifests", () => {
  test('a stack.yaml of OpenFaaS, as it is, and again after a change', async () => {
    await using workshop = await Workshop.open();
    const path = await folder(workshop, 'shop', STACK);
    const up = await workshop.up([path], { env: { GREETING: 'hello' } });

    const upper = await call(up, 'upper', { method: 'PUT', body: 'text' });
    assert.equal(upper.status, 200);
    assert.match(upper.headers.get('x-duration-seconds') ?? '', /^\d+\.\d{6}$/);
    assert.equal(await upper.text(), 'PUT hello -v\nTEXT');
    assert.equal(await (await call(up, 'secret', { method: 'POST' })).text(), 'hush');
    const home = await call(up, 'site/');
    assert.deepEqual([home.headers.get('content-type'), await home.text()], ['text/html; charset=utf-8', '<h1>home</h1>']);
    const head = await call(up, 'site/', { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('content-length'), await head.text()], [200, '13', '']);
    const known = await call(up, 'site/', { headers: { 'If-None-Match': home.headers.get('etag') ?? '' } });
    assert.deepEqual([known.status, await known.text()], [304, '']);
    const part = await call(up, 'site/index.html', { headers: { Range: 'bytes=4-7' } });
    assert.deepEqual([part.status, part.headers.get('content-range'), await part.text()], [206, 'bytes 4-7/13', 'home']);
    assert.equal((await call(up, 'site/%2e%2e/%2e%2e/.secrets/api-key')).status, 404);

    const manifest = await readFile(`${path}/stack.yaml`, 'utf8');
    await writeFile(`${path}/stack.yaml`, manifest.replace('./upper -v', './upper -w'));
    await writeFile(`${path}/site/index.html`, '<h1>new</h1>');
    await until(
      async () => (await (await call(up, 'upper', { method: 'POST' })).text()) === 'POST hello -w\n',
      () => 'the answer by the new manifest',
    );
    await until(
      async () => (await (await call(up, 'site/')).text()) === '<h1>new</h1>',
      () => 'the new page',
    );
    assert.equal((await up.end()).code, 0);
  });

  test("IronFunctions' func.yaml, found in the current folder", async () => {
    await using workshop = await Workshop.open();
    const cwd = await folder(workshop, 'hello', {
      'func.yaml': 'name: me/hello\nversion: 0.0.1\nconfig: {db-url: x}\ntype: async\n',
      'hello.c': IRON,
    });
    const up = await workshop.up([], { cwd });
    assert.equal(await (await call(up, 'hello', { method: 'POST' })).text(), 'POST /hello x');
    const failed = await call(up, 'hello', { headers: { 'X-Fail': 'yes' } });
    assert.equal(failed.status, 500);
    assert.match(await failed.text(), /^{"request_id":"[0-9a-f-]{36}","error":{"message":"exit code 1"}}$/);
    assert.match(up.talk, /hello: note: hello: type async is not kept to/);
  });

  test("a folder of Fn's functions below an app.yaml, deployed to a platform that runs", async () => {
    await using workshop = await Workshop.open();
    const path = await folder(workshop, 'shop', {
      'app.yaml': 'name: shop\nconfig: {GREETING: from the app}\n',
      'upper/func.yaml': 'schema_version: 20180708\nname: upper\nversion: 0.0.1\nruntime: c\nannotations: {team: blue}\n',
      'upper/upper.c': UPPER,
    });
    const up = await workshop.up([]);
    const { code, stderr } = await workshop.run(['deploy', path, '--gateway', up.url]);
    assert.equal(code, 0, stderr);
    assert.equal(await (await call(up, 'upper', { method: 'POST', body: 'abc' })).text(), 'ABC');
    const { stdout } = await workshop.run(['describe', 'upper', '--json', '--gateway', up.url]);
    assert.match(stdout, /"team": ?"blue"/);
  });

  test('the examples are such apps', async () => {
    await using workshop = await Workshop.open();
    const up = await workshop.up([await workshop.copyExample('openfaas'), await workshop.copyExample('ironfunctions')]);
    const upper = await call(up, 'upper', { method: 'POST', body: 'shout' });
    assert.deepEqual([upper.headers.get('content-type'), await upper.text()], ['text/plain', 'SHOUT']);
    assert.match(await (await call(up, 'pages')).text(), /This page is a function/);
    assert.equal(await (await call(up, 'greeting', { method: 'POST' })).text(), 'Hello from /greeting\n');
  });

  test('what is wrong in one is told with line and column, and the exit code is 2', async () => {
    await using workshop = await Workshop.open();
    await folder(workshop, 'shop', { 'stack.yaml': 'provider: {name: openfaas}\nfunctions:\n  f: {lang: c, hander: x}\n' });
    const { code, stderr } = await workshop.run(['build', 'shop']);
    assert.equal(code, 2);
    assert.match(stderr, /shop\/stack\.yaml:3:16: unknown key "hander" in functions\.f; did you mean "handler"\?/);
  });
});
