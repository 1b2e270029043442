/** The contracts stdio and nightcore as their platforms define them, from a client's request to its answer, in the real engine. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { FunctionSettings } from '../../src/model/app.ts';
import { instrument } from '../../src/toolchain/rewrite/index.ts';
import { type Reply, TestEngine, TestExchange, type TestFunction } from '../engine/harness.ts';
import { type ContractName, type Toolchain, toolchains } from './build.ts';

interface Asked {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

class Request extends TestExchange {
  override readonly method: string;
  override readonly head: Uint8Array;

  constructor({ method = 'POST', target = '/', headers = [], body = '' }: Asked) {
    super(body, target);
    this.method = method;
    this.head = new TextEncoder().encode([`${method} ${target} HTTP/1.1`, ...headers, ''].join('\r\n'));
  }
}

function ask(engine: TestEngine, name: string, asked: Asked): Promise<Reply> {
  const route = engine.thread.route(name);
  assert.ok(route, `no function ${name}`);
  const request = new Request(asked);
  engine.thread.dispatch(route, request);
  return request.reply;
}

const modules = new Map<string, Promise<Uint8Array>>();

/** Compiled once, however often it is deployed. */
async function built(
  toolchain: Toolchain,
  contract: ContractName,
  source: string,
  spec: Partial<FunctionSettings> = {},
): Promise<TestFunction> {
  const key = `${toolchain.name} ${contract} ${source}`;
  const module = modules.get(key) ?? compiled(toolchain, contract, source);
  modules.set(key, module);
  return { wasm: await module, spec: { contract, ...spec } };
}

async function compiled(toolchain: Toolchain, contract: ContractName, source: string): Promise<Uint8Array> {
  return instrument(await toolchain.build({ contract, sources: { 'f.c': source } }), { optimize: false });
}

async function deployed(functions: Readonly<Record<string, TestFunction>>, merge: string[][] = []): Promise<TestEngine> {
  const engine = await TestEngine.start();
  const outcome = await engine.deploy(functions, merge);
  assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  return engine;
}

/** Prints the variables that its standard input names, one a line. */
const VARIABLES = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void) {
  char name[64];
  while (fgets(name, sizeof name, stdin)) {
    name[strcspn(name, "\\n")] = 0;
    const char *value = getenv(name);
    printf("%s=%s\\n", name, value ? value : "(none)");
  }
}`;

const CAT = `
#include <stdio.h>
int main(void) { for (int c; (c = getchar()) != EOF;) putchar(c); }`;

const WORKER = `
#include <faas/worker_v1_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static void *context; static faas_invoke_func_fn_t invoke; static faas_append_output_fn_t append;
static int inits, workers, destroyed, calls, running;
int faas_init(void) { if (workers) abort(); inits++; puts("init"); return 0; }
int faas_create_func_worker(void *c, faas_invoke_func_fn_t i, faas_append_output_fn_t a, void **worker) {
  if (!inits) abort();
  context = c; invoke = i; append = a; workers++; *worker = malloc(4);
  return *worker == NULL;
}
int faas_destroy_func_worker(void *worker) { destroyed++; free(worker); return 0; }
static int handle(const char *input, size_t length);
int faas_func_call(void *worker, const char *input, size_t length) {
  if (worker == NULL || running++) abort();
  calls++;
  int result = handle(input, length);
  running--;
  return result;
}
#define SAY(...) do { char line_[128]; append(context, line_, (size_t)snprintf(line_, sizeof line_, __VA_ARGS__)); } while (0)
`;

/** Calls itself with one byte less, and shows what each level got. */
const DOWN = `${WORKER}
static int handle(const char *input, size_t length) {
  if (length == 0) return 0;
  if (*input == '!') return 1;
  const char *out; size_t size;
  if (invoke(context, "down", input + 1, length - 1, &out, &size) != 0) { SAY("%c(failed)", *input); return 0; }
  SAY("%c(", *input); append(context, out, size); SAY(")");
  return 0;
}`;

const COUNT = `${WORKER}
static int handle(const char *input, size_t length) {
  printf("got %.*s\\n", (int)length, input);
  fprintf(stderr, "to stderr\\n");
  SAY("%d %d %d %d", inits, workers, calls, destroyed);
  return 0;
}`;

const ECHO = `${WORKER}
static int handle(const char *input, size_t length) { append(context, input, length); return length == 4 && memcmp(input, "fail", 4) == 0; }`;

/** Holds two results of calls until it returns, and lets two other calls fail in between. */
const HOLDS = `${WORKER}
static int handle(const char *input, size_t length) {
  const char *a, *b, *c = "set"; size_t na, nb, nc = 3;
  if (invoke(context, "echo", input, length, &a, &na) != 0) return 1;
  if (invoke(context, "nobody", input, length, &c, &nc) != -1 || c != NULL || nc != 0) return 2;
  c = "set"; nc = 3;
  if (invoke(context, "echo", "fail", 4, &c, &nc) != -1 || c != NULL || nc != 0) return 3;
  if (invoke(context, "echo", a, na, &b, &nb) != 0) return 4;
  append(context, a, na); append(context, "|", 1); append(context, b, nb);
  return 0;
}`;

/** What programs of other systems count on: environ, and calls that WASI only emulates. */
const FOREIGN = `
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
extern char **environ;
static const char *find(char **list, const char *name) {
  for (; *list != NULL; list++) if (strncmp(*list, name, strlen(name)) == 0 && (*list)[strlen(name)] == '=') return *list + strlen(name) + 1;
  return "(none)";
}
static int caught;
static void on(int signal) { caught = signal; }
int main(void) {
  signal(SIGTERM, on);
  raise(SIGTERM);
  char *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("%s %d %d %d %d", find(environ, "Http_X_Tag"), caught == SIGTERM,
         clock() != (clock_t)-1, getpid() > 0, mapped != MAP_FAILED && mapped[4095] == 0);
  return 0;
}`;

for (const toolchain of toolchains()) {
  describe(`stdio as its clients see it, ${toolchain.name} toolchain`, () => {
    let engine: TestEngine;
    before(async () => {
      engine = await deployed({
        variables: await built(toolchain, 'stdio', VARIABLES, { env: { COLOUR: 'red', Http_Method: 'ours' } }),
        cat: await built(toolchain, 'stdio', CAT),
        foreign: await built(toolchain, 'stdio', FOREIGN),
        typed: await built(toolchain, 'stdio', CAT, { contentType: 'text/csv' }),
      });
    });
    after(() => engine.close());

    const variables = async (asked: Asked, names: readonly string[]): Promise<Record<string, string>> => {
      const { status, body } = await ask(engine, 'variables', { ...asked, body: names.join('\n') });
      assert.equal(status, 200);
      return Object.fromEntries(
        body
          .trimEnd()
          .split('\n')
          .map((line) => line.split(/=(.*)/s).slice(0, 2)),
      );
    };

    test("has the variables of OpenFaaS's classic watchdog", async () => {
      const headers = ['Host: shop:8080', 'x-my-header: one', 'X-MY-HEADER: two', 'User-Agent: test', 'Content-Type: text/html'];
      const asked = { method: 'PUT', target: '/a/b%20c?x=1&y=%32', headers };
      const named = ['Http_Path', 'Http_Query', 'Http_Host', 'Http_X_My_Header', 'Http_User_Agent', 'Http_Content_Type', 'CONTENT_TYPE'];
      assert.deepEqual(await variables(asked, named), {
        Http_Path: '/a/b%20c',
        Http_Query: 'x=1&y=%32',
        Http_Host: 'shop:8080',
        Http_X_My_Header: 'one',
        Http_User_Agent: 'test',
        Http_Content_Type: 'text/html',
        CONTENT_TYPE: 'text/html',
      });
      const sizes = ['Http_ContentLength', 'Http_Content_Length', 'CONTENT_LENGTH', 'Http_Transfer_Encoding', 'Http_Query'];
      const length = String(sizes.join('\n').length);
      assert.deepEqual(await variables({ headers: ['Transfer-Encoding: chunked'] }, sizes), {
        Http_ContentLength: length,
        Http_Content_Length: length,
        CONTENT_LENGTH: length,
        Http_Transfer_Encoding: 'chunked',
        Http_Query: '(none)',
      });
    });

    test("has the variables of IronFunctions' default format", async () => {
      const asked = { method: 'DELETE', target: '/a?b=c', headers: ['Host: shop', 'X-Tag: one', 'x-tag: two'] };
      assert.deepEqual(await variables(asked, ['METHOD', 'ROUTE', 'REQUEST_URL', 'HEADER_X_TAG', 'HEADER_HOST']), {
        METHOD: 'DELETE',
        ROUTE: '/a',
        REQUEST_URL: 'http://shop/function/variables/a?b=c',
        HEADER_X_TAG: 'one two',
        HEADER_HOST: 'shop',
      });
    });

    test('has its own variables, which no client replaces, and none of the request before', async () => {
      const found = await variables({ headers: ['Colour: blue', 'X-Once: here'] }, ['COLOUR', 'Http_Method', 'Http_X_Once']);
      assert.deepEqual(found, { COLOUR: 'red', Http_Method: 'ours', Http_X_Once: 'here' });
      assert.deepEqual(await variables({}, ['Http_X_Once', 'HEADER_X_ONCE']), { Http_X_Once: '(none)', HEADER_X_ONCE: '(none)' });
    });

    test('environ is that of the request; signals, clock and mmap are there', async () => {
      for (const tag of ['one', 'two']) {
        assert.equal((await ask(engine, 'foreign', { headers: [`X-Tag: ${tag}`] })).body, `${tag} 1 1 1 1`);
      }
      assert.equal((await ask(engine, 'foreign', {})).body, '(none) 1 1 1 1');
    });

    test("answers with the request's type unless the manifest says another", async () => {
      const headers = ['Content-Type: application/json'];
      const heads = [await ask(engine, 'cat', { headers }), await ask(engine, 'cat', {}), await ask(engine, 'typed', { headers })];
      assert.deepEqual(
        heads.map(({ head }) => head.trim()),
        ['Content-Type: application/json', 'Content-Type: text/plain', 'Content-Type: text/csv'],
      );
    });
  });

  for (const merge of [[['down', 'echo', 'holds']], []]) {
    const how = merge.length === 0 ? 'apart' : 'merged';
    describe(`nightcore as its clients see it, ${how}, ${toolchain.name} toolchain`, () => {
      let engine: TestEngine;
      before(async () => {
        const worker = (source: string, nightcore: FunctionSettings['nightcore'] = { allowHttpGet: false, qsAsInput: false }) =>
          built(toolchain, 'nightcore', source, { rollback: 'never', ...(nightcore === undefined ? {} : { nightcore }) });
        engine = await deployed(
          {
            down: await worker(DOWN),
            echo: await worker(ECHO),
            holds: await worker(HOLDS),
            count: await worker(COUNT),
            query: await worker(ECHO, { allowHttpGet: true, qsAsInput: true }),
          },
          merge,
        );
      });
      after(() => engine.close());

      test('a worker is initialised before it is made, keeps its state from call to call, and is never destroyed', async () => {
        for (let call = 1; call <= 3; call++) assert.equal((await ask(engine, 'count', { body: 'in' })).body, `1 1 ${call} 0`);
      });

      test('what it prints is in the log, not in the answer', async () => {
        engine.takeLogs();
        const { body } = await ask(engine, 'count', { body: 'five\nand' });
        assert.doesNotMatch(body, /got|stderr/);
        const logged = engine.takeLogs().map(({ level, text }) => `${level}: ${text}`);
        assert.deepEqual(logged.toSorted(), ['error: to stderr', 'info: and', 'info: got five']);
      });

      test('a function that calls itself does so in a worker of its own: one call at a time in each', async () => {
        assert.equal((await ask(engine, 'down', { body: 'abcd' })).body, 'a(b(c(d())))');
        assert.equal((await ask(engine, 'down', { body: 'ab!d' })).body, 'a(b(failed))');
        const many = await Promise.all(['x', 'xy', 'xyz'].map((body) => ask(engine, 'down', { body })));
        assert.deepEqual(
          many.map(({ body }) => body),
          ['x()', 'x(y())', 'x(y(z()))'],
        );
      });

      test('results of calls are held until it returns; calls that fail give -1 and nothing', async () => {
        for (const body of ['small', 'large '.repeat(2000)]) {
          assert.deepEqual((await ask(engine, 'holds', { body })).body, `${body}|${body}`);
        }
      });

      test('a call that fails is an empty 500, an empty output an empty 200', async () => {
        const [failed, empty] = [await ask(engine, 'echo', { body: 'fail' }), await ask(engine, 'echo', {})];
        assert.deepEqual([failed.status, failed.body, empty.status, empty.body], [500, '', 200, '']);
        assert.equal(empty.head, 'Content-Type: text/plain\r\n');
      });

      test('only what Nightcore lets in reaches it: POST to its name, and GET where that is allowed', async () => {
        const refused: Asked[] = [{ method: 'GET' }, { method: 'PUT' }, { method: 'HEAD' }, { target: '/below' }];
        for (const asked of refused) assert.deepEqual([(await ask(engine, 'echo', asked)).status, asked], [404, asked]);
        const { status, body } = await ask(engine, 'echo', { target: '/?a=b', body: 'sent' });
        assert.deepEqual([status, body], [200, 'sent']);
      });

      test('the query as input is a JSON object of strings, without the parts that are malformed', async () => {
        const { body } = await ask(engine, 'query', { method: 'GET', target: '/?a=1%202&b=%zz&c&=d&e=f=g&h=%22&a=last', body: 'ignored' });
        assert.deepEqual(JSON.parse(body), { a: 'last', h: '"' });
        assert.equal((await ask(engine, 'query', {})).body, '{}');
      });
    });
  }

  describe(`nightcore libraries that cannot be, ${toolchain.name} toolchain`, () => {
    // Nightcore wants faas_destroy_func_worker too, and never calls it.
    const symbols = ['faas_init', 'faas_create_func_worker', 'faas_func_call'];
    for (const symbol of symbols) {
      test(`without ${symbol} it does not link, and the message names it`, async () => {
        const source = ECHO.replace(new RegExp(`\\b${symbol}\\(`), `not_${symbol}(`);
        await assert.rejects(
          toolchain.build({ contract: 'nightcore', sources: { 'f.c': source } }),
          new RegExp(`undefined symbol: ${symbol}`),
        );
      });
    }
  });
}
