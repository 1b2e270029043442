/** The kit for Fn as a process: built natively from the manifest's sources, in its sandbox, asked through the contract's own wire. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { TestEngine } from '../engine/harness.ts';
import { cannotRun, processFunction, Workbench } from '../process/harness.ts';
import { builderOf, fn, sources } from '../toolchain/workshop.ts';
import { Asking } from './asking.ts';
import { buildNative, FUNCTIONS } from './native.ts';

suite('a function of the kit as a process', { skip: cannotRun() }, () => {
  let bench: Workbench;
  let engine: TestEngine;
  before(async () => {
    bench = await Workbench.open();
    engine = await bench.engine();
    const builder = await builderOf('embedded');
    assert.ok(builder);
    const build = async (name: string): Promise<string> => {
      const { executable } = await builder.buildNative(fn(sources([join(FUNCTIONS, name)]), 'fn'));
      const program = join(bench.folder, `${name}.program`);
      writeFileSync(program, executable, { mode: 0o755 });
      return program;
    };
    const spec = { contract: 'fn', env: { GREETING: 'hej', FN_LISTENER: 'not this' } } as const;
    const outcome = await engine.deploy({
      many: processFunction({ program: await build('many.c'), spec, resources: { instances: 1 }, limits: { deadlineMs: 20_000 } }),
      several: processFunction({ program: await build('many.c'), spec, resources: { instances: 3 } }),
      upper: processFunction({ program: await build('upper.cpp'), spec }),
    });
    await builder.close();
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
  });
  after(async () => {
    await engine.close();
    await bench[Symbol.asyncDispose]();
  });

  const ask = async (name: string, lines: readonly string[] = [], body: Uint8Array | string = '') => {
    const exchange = new Asking({ name, method: 'PUT', lines, body });
    engine.thread.dispatch(engine.thread.route(name) ?? assert.fail('no route'), exchange);
    return await exchange.reply;
  };

  test("has the client's request and the platform's words, and answers with status, type and headers", async () => {
    const { status, head, body } = await ask('many', ['X-Do: describe', 'Content-Type: a/b']);
    assert.equal(status, 200, body);
    const id = /^id=(.*)$/m.exec(body)?.[1] ?? 'none';
    assert.ok(head.includes(`Fn-Call-Id: ${id}\r\n`), head);
    assert.match(
      body,
      /intent=httprequest\nmethod=PUT\nurl=http:\/\/h:1\/function\/many\/a\?b=c\ntype=a\/b\nconfig=hej\nmemory=\d+\nfunction=many\n/,
    );
    const answer = await ask('many', ['X-Do: answer']);
    assert.deepEqual([answer.status, answer.body], [418, 'short and stout']);
    assert.match(answer.head, /Content-Type: text\/x-tea\r\nX-Made: one\r\nX-Made: two\r\n/);
  });

  test('keeps its state from call to call, also from those that failed', async () => {
    const count = async (): Promise<number> => Number(/call (\d+)/.exec((await ask('many', ['X-Do: count'])).body)?.[1]);
    const first = await count();
    const failed = await ask('many', ['X-Do: fail']);
    assert.deepEqual([failed.status, failed.body], [502, '{"message":"function failed"}\n']);
    assert.equal(await count(), first + 2);
  });

  test('takes and gives 10 MB, and calls that come together', async () => {
    const body = Buffer.alloc(10 * 1024 * 1024, 'ten MB ');
    const reply = await ask('many', [], body);
    assert.ok(Buffer.from(reply.bytes).equals(body));
    const texts = Array.from({ length: 40 }, (_, i) => `call ${i}`);
    const replies = await Promise.all(texts.map((text) => ask('several', [], text)));
    assert.deepEqual(
      replies.map(({ body: answered }) => answered),
      texts,
    );
  });

  test('what it prints is in its log, and a crash is told as what it is; the next call has another process', async () => {
    engine.takeLogs();
    await ask('many', ['X-Do: log']);
    const logged: string[] = [];
    while (!logged.includes('said on stdout') || !logged.includes('said on stderr')) {
      await new Promise(setImmediate);
      logged.push(...engine.takeLogs().map(({ text }) => text));
    }
    const { status, body } = await ask('many', ['X-Do: crash']);
    assert.equal(status, 502);
    assert.match(body, /WEFT_FUNCTION_CRASHED.*SIGABRT/);
    assert.equal((await ask('many', [], 'on')).body, 'on');
    const gone = await ask('many', ['X-Do: exit']);
    assert.match(gone.body, /WEFT_FUNCTION_CRASHED.*exit/);
    assert.equal((await ask('many', [], 'on')).body, 'on');
  });

  test('the C++ kit answers, and fails by exceptions without ending', async () => {
    assert.equal((await ask('upper', ['X-A: b'], 'abc')).body, 'hello ABC');
    assert.deepEqual((await ask('upper', ['X-Throw: noon'])).body, '{"message":"function failed"}\n');
    assert.equal((await ask('upper', [], 'x')).body, 'hello X');
  });

  test('one whose listener leads to the socket of somebody else is refused, and that one never asked', async () => {
    let asked = 0;
    const other = createServer((_request, response) => {
      asked += 1;
      response.end('secret');
    }).listen(join(bench.folder, 'other.sock'));
    other.on('connection', () => (asked += 1));
    await once(other, 'listening');
    const spec = { contract: 'fn', env: { LEADS_TO: join(bench.folder, 'other.sock') } } as const;
    const program = buildNative('astray.c', 'alone');
    const outcome = await engine.deploy({ astray: processFunction({ program, spec }) }, [], 'astray');
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
    const { status, body } = await ask('astray');
    other.close();
    assert.equal(status, 502);
    assert.match(body, /WEFT_START_FAILED.*http\.sock is a link to .*other\.sock; it must be relative, to a file in the same folder/);
    assert.equal(asked, 0);
  });
});
