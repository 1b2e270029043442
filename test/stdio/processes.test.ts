/** The modes of contract stdio with native programs in sandboxed processes: the same as in contexts, and what only a process can do. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import type { StdioMode, StdioOptions } from '../../src/model/app.ts';
import type { TestEngine, TestFunction } from '../engine/harness.ts';
import { cannotRun, processFunction, Workbench } from '../process/harness.ts';
import { ask, BOTH, CAT, ENV, environmentIn, options, Request, send } from './programs.ts';

const cc = promisify(execFile);

const CRASH = `
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
int main(void) { puts("half"); fprintf(stderr, "last words\\n"); fflush(stdout); raise(SIGSEGV); }`;

const SLOW = `
#include <stdio.h>
#include <unistd.h>
int main(void) {
  puts("first");
  fflush(stdout);
  char answer;
  while (access("/tmp/never", F_OK) != 0 && read(0, &answer, 1) > 0) {}
  usleep(100000);
  puts("second");
  return 4;
}`;

/** Prints lines for ever, or until it cannot. */
const ENDLESS = `
#include <stdio.h>
int main(void) { while (puts("0123456789012345678901234567890123456789") >= 0) {} }`;

/** Answers with the number of the request; "crash" ends it, "leave" ends it with an exit code. */
const HOT_HTTP = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void) {
  char line[4096], body[4096];
  for (int count = 1; fgets(line, sizeof line, stdin); count++) {
    size_t length = 0;
    do if (strncmp(line, "Content-Length: ", 16) == 0) length = strtoul(line + 16, NULL, 10);
    while (fgets(line, sizeof line, stdin) && strcmp(line, "\\r\\n") != 0);
    body[fread(body, 1, length, stdin)] = 0;
    if (strcmp(body, "crash") == 0) abort();
    if (strcmp(body, "leave") == 0) exit(3);
    char answer[8192];
    const int size = snprintf(answer, sizeof answer, "%d %s %s", count, getenv("FN_FORMAT"), body);
    if (strcmp(body, "nothing") == 0) printf("HTTP/1.1 204 No Content\\r\\n\\r\\n");
    else printf("HTTP/1.1 100 Continue\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%s", size, answer);
    fflush(stdout);
  }
  return 0;
}`;

const HOT_JSON = `
#include <stdio.h>
int main(void) {
  char line[4096];
  for (int count = 1; fgets(line, sizeof line, stdin); count++) {
    printf("{\\"status_code\\": 201, \\"body\\": \\"request %d\\"}\\n", count);
    fflush(stdout);
  }
  return 0;
}`;

/** Ends its line a little after its answer. */
const HOT_LATE = `
#include <stdio.h>
#include <unistd.h>
int main(void) {
  char line[4096];
  for (int count = 1; fgets(line, sizeof line, stdin); count++) {
    printf("{\\"body\\": \\"request %d\\"}", count);
    fflush(stdout);
    usleep(20000);
    puts("");
    fflush(stdout);
  }
  return 0;
}`;

suite('modes of contract stdio in processes', { skip: cannotRun() }, () => {
  let bench: Workbench;
  let engine: TestEngine;
  const built = new Map<string, string>();

  async function program(name: string, source: string): Promise<string> {
    const [path, file] = [join(bench.folder, name), join(bench.folder, `${name}.c`)];
    await writeFile(file, source);
    await cc('cc', ['-O1', '-D_GNU_SOURCE', '-o', path, file]);
    built.set(name, path);
    return path;
  }

  const runs = (name: string, mode: StdioMode, given: Partial<StdioOptions> = {}): TestFunction =>
    processFunction({
      program: built.get(name) ?? '',
      limits: { deadlineMs: 10_000 },
      resources: { instances: 1 },
      spec: { env: { COLOUR: 'red' }, stdio: options(mode, given) },
    });

  before(async () => {
    bench = await Workbench.open();
    const sources = {
      env: ENV,
      cat: CAT,
      both: BOTH,
      crash: CRASH,
      slow: SLOW,
      endless: ENDLESS,
      http: HOT_HTTP,
      json: HOT_JSON,
      late: HOT_LATE,
    };
    await Promise.all(Object.entries(sources).map(([name, source]) => program(name, source)));
    engine = await bench.engine();
    const outcome = await engine.deploy({
      env: runs('env', 'classic'),
      both: runs('both', 'classic'),
      combined: runs('both', 'classic', { combineOutput: true }),
      crash: runs('crash', 'classic'),
      'plain-crash': runs('crash', 'plain'),
      marshal: runs('cat', 'classic', { marshalRequest: true }),
      serializing: runs('both', 'serializing'),
      slow: runs('slow', 'streaming'),
      endless: { ...runs('endless', 'streaming'), limits: { deadlineMs: 10_000, responseBytes: 1_000_000 } },
      'streaming-crash': runs('crash', 'streaming'),
      iron: runs('both', 'iron'),
      http: runs('http', 'iron-http'),
      json: runs('json', 'iron-json'),
      late: runs('late', 'iron-json'),
    });
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  });
  after(async () => {
    await engine?.close();
    await bench?.[Symbol.asyncDispose]();
  });

  test('classic: environment, standard input, and what an exit code means', async () => {
    const env = environmentIn(await ask(engine, 'env', { method: 'PUT', target: '/a?b', headers: ['X-Tag: t'], body: 'four' }));
    const { COLOUR, Http_Method, Http_Path, Http_Query, Http_X_Tag, Http_Content_Length } = env;
    assert.deepEqual([COLOUR, Http_Method, Http_Path, Http_Query, Http_X_Tag, Http_Content_Length], ['red', 'PUT', '/a', 'b', 't', '4']);
    const { header, body: told } = JSON.parse((await ask(engine, 'marshal', { body: 'x' })).body) as { header: object; body: unknown };
    assert.deepEqual([Object.keys(header), told], [['X-Call-Id', 'X-Start-Time'], { raw: 'eA==' }]);
    const { status, body } = await ask(engine, 'both', { body: '3' });
    assert.deepEqual([status, body], [500, 'exit status 3\none three']);
    assert.match((await ask(engine, 'both', { body: '0' })).head, /X-Duration-Seconds: \d+\.\d{6}/);
    assert.equal((await ask(engine, 'both', { method: 'HEAD' })).status, 405);
  });

  test('classic: standard error joins the answer when it is to', async () => {
    assert.equal((await ask(engine, 'combined', { body: '0' })).body, 'one two three');
    assert.equal((await ask(engine, 'combined', { body: '1' })).body, 'exit status 1\none two three');
    assert.equal((await ask(engine, 'both', { body: '0' })).body, 'one three');
  });

  test('a signal is a 500 with its name; for a plain program a 502 with its last words', async () => {
    const { status, body } = await ask(engine, 'crash');
    assert.deepEqual([status, body], [500, 'signal: segmentation fault\nhalf\n']);
    const plain = await ask(engine, 'plain-crash');
    assert.equal(plain.status, 502);
    assert.match(plain.body, /segmentation fault.*last words/);
  });

  test('serializing and iron answer for a failure as their platforms do', async () => {
    const serializing = await ask(engine, 'serializing', { body: '7' });
    assert.deepEqual([serializing.status, serializing.body], [500, 'exit status 7']);
    const iron = await ask(engine, 'iron', { body: '7' });
    assert.equal(iron.status, 500);
    assert.match(iron.body, /"error":\{"message":"exit code 7"\}/);
  });

  test('streaming: what is printed is on its way while the program goes on, and whole whatever its exit code', async () => {
    const seen: string[] = [];
    const client = new Request({});
    client.write = (piece) => seen.push(Buffer.from(piece).toString()) > 0;
    const reply = send(engine, 'slow', client);
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(seen.join(''), 'first\n');
    const { status } = await reply;
    assert.deepEqual([status, seen.join(''), client.aborted], [200, 'first\nsecond\n', false]);
  });

  test('streaming: a crash breaks the answer off', async () => {
    const request = new Request({});
    const { body } = await send(engine, 'streaming-crash', request);
    assert.deepEqual([body, request.aborted], ['half\n', true]);
  });

  test('streaming: more than the limit breaks the answer off, and the log says so', async () => {
    engine.takeLogs();
    for (const _ of ['first', 'the same worker']) {
      const request = new Request({});
      const { status, bytes } = await send(engine, 'endless', request);
      assert.deepEqual([status, request.aborted], [200, true]);
      assert.ok(bytes.length > 0 && bytes.length <= 1_000_000, `${bytes.length}`);
      assert.ok(engine.takeLogs().some(({ text }) => text.startsWith('WEFT_RESPONSE_TOO_LARGE')));
    }
  });

  test('hot: one process answers request after request, one at a time', async () => {
    const replies = await Promise.all(['a', 'b', 'c'].map((body) => ask(engine, 'http', { body })));
    assert.deepEqual(
      replies.map(({ status, body }) => [status, body.slice(1)]),
      [
        [200, ' http a'],
        [200, ' http b'],
        [200, ' http c'],
      ],
    );
    assert.deepEqual(replies.map(({ body }) => body.slice(0, 1)).toSorted(), ['1', '2', '3']);
    assert.deepEqual([(await ask(engine, 'json')).body, (await ask(engine, 'json')).body], ['request 1', 'request 2']);
    assert.equal((await ask(engine, 'json')).status, 201);
  });

  test('hot: an answer without a body is whole, and one behind 100 Continue is found', async () => {
    const first = Number((await ask(engine, 'http', { body: 'a' })).body.split(' ')[0]);
    const nothing = await ask(engine, 'http', { body: 'nothing' });
    assert.deepEqual([nothing.status, nothing.body], [200, '']);
    assert.equal((await ask(engine, 'http', { body: 'b' })).body, `${first + 2} http b`);
  });

  test('hot: a line feed behind an answer, at once or late, costs nobody his process', async () => {
    for (const count of [1, 2, 3]) assert.equal((await ask(engine, 'late')).body, `request ${count}`);
  });

  test('hot: who asked one that ends is told at once, and the next gets another', async () => {
    for (const body of ['crash', 'leave']) {
      const { status } = await ask(engine, 'http', { body });
      assert.ok(status === 502 || status === 500, `${body}: ${status}`);
      assert.deepEqual((await ask(engine, 'http', { body: 'x' })).body, '1 http x');
    }
  });
});
