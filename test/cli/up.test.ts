import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { until, type Running, Workshop } from './weft.ts';

async function call(up: Running, name: string, body = ''): Promise<string> {
  const answer = await fetch(`${up.url}/function/${name}`, { method: 'POST', body });
  return answer.text();
}

async function inWorkshop(use: (workshop: Workshop) => Promise<void>): Promise<void> {
  await using workshop = await Workshop.open();
  await use(workshop);
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(file, 'utf8');
  const after = change(before);
  assert.notEqual(after, before, 'the edit changes something');
  await writeFile(file, after);
}

suite('weft up', () => {
  test('builds an app, prints one line when it answers, and ends in order', () =>
    inWorkshop(async (workshop) => {
      const up = await workshop.up([await workshop.copyExample('hello')]);
      assert.match(up.url, /^http:\/\/127\.0\.0\.1:\d+$/);
      assert.equal(await call(up, 'hello', 'Ada'), 'Hello, Ada!\n');
      assert.match(up.talk, new RegExp(`${up.url}/function/hello`));
      const { code, stdout } = await up.end('SIGTERM');
      assert.deepEqual({ code, stdout }, { code: 0, stdout: `${up.url}\n` });
    }));

  test('follows its sources: a save is a new version, what does not compile is told and changes nothing', () =>
    inWorkshop(async (workshop) => {
      const source = `${await workshop.copyExample('hello')}/hello.c`;
      const up = await workshop.up(['hello']);
      assert.equal(await call(up, 'hello', 'Ada'), 'Hello, Ada!\n');

      await edit(source, (text) => text.replace('"Hello, "', '"Salut, "'));
      await until(
        async () => (await call(up, 'hello', 'Ada')) === 'Salut, Ada!\n',
        () => 'the new answer',
      );

      const before = up.talk.length;
      await edit(source, (text) => text.replace('size_t length;', 'size_t length'));
      await up.said(/hello\.c:\d+:\d+: error: expected ';'[\s\S]*the version before goes on answering/, before);
      assert.equal(await call(up, 'hello', 'Ada'), 'Salut, Ada!\n');

      await edit(source, (text) => text.replace('size_t length', 'size_t length;').replace('"Salut, "', '"Howdy, "'));
      await until(
        async () => (await call(up, 'hello', 'Ada')) === 'Howdy, Ada!\n',
        () => 'the mended answer',
      );
      assert.equal((await up.end('SIGINT')).code, 130);
    }));

  test('follows headers, the manifest, and editors that replace the file', () =>
    inWorkshop(async (workshop) => {
      const folder = await workshop.copyExample('hello');
      await edit(`${folder}/hello.c`, (text) =>
        text.replace('"Hello, "', 'GREETING').replace('<weft/v1.h>', '<weft/v1.h>\n#include "greeting.h"'),
      );
      await writeFile(`${folder}/greeting.h`, '#define GREETING "One: ++"\n');
      const up = await workshop.up([folder]);
      assert.equal(await call(up, 'hello'), 'One: ++World!\n');

      await writeFile(`${folder}/greeting.h.new`, '#define GREETING "Two: ++"\n');
      await rename(`${folder}/greeting.h.new`, `${folder}/greeting.h`);
      await until(
        async () => (await call(up, 'hello')) === 'Two: ++World!\n',
        () => 'the answer by the new header',
      );

      await edit(`${folder}/weft.yaml`, (text) => `${text}  again:\n    sources: [hello.c]\n`);
      await until(
        async () => (await call(up, 'again')) === 'Two: ++World!\n',
        () => 'the new function',
      );

      const before = up.talk.length;
      await edit(`${folder}/weft.yaml`, (text) => text.replace('  again:\n    sources', '  again:\n    souces'));
      await up.said(/weft\.yaml:\d+:\d+[\s\S]*souces[\s\S]*sources[\s\S]*goes on answering/, before);
      assert.equal(await call(up, 'again'), 'Two: ++World!\n');

      const wrong = up.talk.length;
      await edit(`${folder}/weft.yaml`, (text) => text.replace('souces', 'sources'));
      await up.said(/nothing is wrong any more; version \d+ answers as before/, wrong);
    }));

  test('follows sources in a folder that another one took the place of', () =>
    inWorkshop(async (workshop) => {
      const app = await workshop.copyExample('hello');
      await mkdir(join(app, 'src'));
      await rename(join(app, 'hello.c'), join(app, 'src', 'hello.c'));
      await edit(join(app, 'weft.yaml'), (text) => text.replace('hello.c', 'src/hello.c'));
      const up = await workshop.up(['hello']);
      await rename(join(app, 'src'), join(app, 'old'));
      await up.said(/the version before goes on answering/);
      await cp(join(app, 'old'), join(app, 'src'), { recursive: true });
      await up.said(/nothing is wrong any more/);
      await edit(join(app, 'src', 'hello.c'), (text) => text.replace('"Hello, "', '"Salut, "'));
      await until(
        async () => (await call(up, 'hello', 'Ada')) === 'Salut, Ada!\n',
        () => `the new answer after:\n${up.talk}`,
      );
      await up.end();
    }));

  test('many saves in a row end in the last one', () =>
    inWorkshop(async (workshop) => {
      const source = `${await workshop.copyExample('hello')}/hello.c`;
      const up = await workshop.up(['hello']);
      const text = await readFile(source, 'utf8');
      for (let i = 1; i <= 20; i++) {
        await writeFile(source, text.replace('"Hello, "', `"N ${100 + i}: "`));
        await new Promise((resolve) => setTimeout(resolve, 10 * (i % 5)));
      }
      await until(
        async () => (await call(up, 'hello')) === 'N 120: World!\n',
        () => 'the last answer',
      );
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(await call(up, 'hello'), 'N 120: World!\n');
    }));

  test('what does not compile at the start is told as clang wrote it, for every function, and ends with 1', () =>
    inWorkshop(async (workshop) => {
      const folder = await workshop.copyExample('workflow');
      await edit(`${folder}/sort.c`, (text) => text.replace('static int by_text(', 'static int by_txt('));
      await edit(`${folder}/merge.c`, (text) => text.replace('uint32_t first;', 'uint32_t first'));
      const { code, stdout, stderr } = await workshop.run(['up', '--port', '0', folder]);
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, /sort\.c:\d+:\d+: error: .*by_text/);
      assert.match(stderr, /merge\.c:\d+:\d+: error: expected ';'/);
      assert.doesNotMatch(stderr, /\n\s+at .*\.ts/);
    }));

  test('a misspelt key is told with its place and the nearest word, and ends with 2', () =>
    inWorkshop(async (workshop) => {
      const folder = await workshop.copyExample('hello');
      await edit(`${folder}/weft.yaml`, (text) => text.replace('sources:', 'souces:'));
      const { code, stderr } = await workshop.run(['up', '--port', '0', folder]);
      assert.equal(code, 2);
      assert.match(stderr, /weft\.yaml:6:5: unknown key "souces" in functions\.hello; did you mean "sources"\?/);
    }));

  test('after kill -9 it serves again what was deployed, without its sources, and leaves no compiler behind', () =>
    inWorkshop(async (workshop) => {
      const up = await workshop.up(['--toolchain', 'embedded', await workshop.copyExample('hello')]);
      const children = await childrenOf(up.pid);
      assert.ok(children.length > 0, 'the embedded compiler runs beside it');
      await up.end('SIGKILL');
      await until(
        async () => !(await isAnyAlive(children)),
        () => `the end of ${children.join(', ')}`,
      );
      const again = await workshop.up([]);
      assert.equal(await call(again, 'hello', 'Ada'), 'Hello, Ada!\n');
    }));

  test('a port in use and a data folder in use are told and end with 1', () =>
    inWorkshop(async (workshop) => {
      const folder = await workshop.copyExample('hello');
      const up = await workshop.up([folder]);
      const samePort = await workshop.run(['up', folder, '--data', workshop.path('other'), '--port', new URL(up.url).port]);
      assert.equal(samePort.code, 1, samePort.stderr);
      assert.match(samePort.stderr, /Cannot listen on 127\.0\.0\.1:\d+[\s\S]*--port/);
      const sameData = await workshop.run(['up', folder, '--port', '0']);
      assert.equal(sameData.code, 1, sameData.stderr);
      assert.match(sameData.stderr, new RegExp(`in use by .*${up.pid}`));
      assert.equal(await call(up, 'hello', 'Ada'), 'Hello, Ada!\n');
    }));

  test('an unchanged app starts from the cache', () =>
    inWorkshop(async (workshop) => {
      const folder = await workshop.copyExample('hello');
      await (await workshop.up([folder])).end();
      const up = await workshop.up([folder]);
      assert.match(up.talk, /hello: from the cache/);
    }));

  test('with --json each line of both streams is an object', () =>
    inWorkshop(async (workshop) => {
      const up = await workshop.up(['--json', await workshop.copyExample('hello')]);
      const { url, port, functions } = JSON.parse(up.url) as { url: string; port: number; functions: { name: string; url: string }[] };
      assert.equal(url, `http://127.0.0.1:${port}`);
      assert.deepEqual(
        functions.map(({ name }) => name),
        ['hello'],
      );
      const { stderr, code } = await up.end();
      assert.equal(code, 0);
      for (const line of stderr.trimEnd().split('\n')) assert.equal(typeof JSON.parse(line), 'object', line);
    }));

  test('lets a request that runs be answered when it is told to end; told twice, it ends at once', () =>
    inWorkshop(async (workshop) => {
      await workshop.run(['init', 'slow']);
      await writeFile(workshop.path('slow/slow.c'), SLOW);
      const up = await workshop.up([], { cwd: workshop.path('slow') });
      const answered = call(up, 'slow', '500');
      await until(
        async () => (await call(up, 'slow', '0')) === 'done',
        () => 'an answer beside the slow one',
      );
      const [outcome, answer] = await Promise.all([up.end('SIGTERM'), answered]);
      assert.deepEqual([outcome.code, answer], [0, 'done']);

      const again = await workshop.up([]);
      const lost = call(again, 'slow', '30000').catch(() => 'lost');
      await call(again, 'slow', '0');
      again.signal('SIGINT');
      await again.said(/ending/);
      assert.deepEqual([(await again.end('SIGINT')).code, await lost], [130, 'lost']);
    }));

  test('ends in order in the middle of the first build', () =>
    inWorkshop(async (workshop) => {
      const folder = await workshop.copyExample('hello');
      await writeFile(`${folder}/hello.c`, `#include <weft/v1.h>\n${HARD_TO_COMPILE}`);
      const up = workshop.start(['up', '--port', '0', folder]);
      await until(
        async () => (await childrenOf(up.pid)).some(isCompiler),
        () => 'a compiler at work',
      );
      const children = await childrenOf(up.pid);
      const { code, stdout } = await up.end('SIGINT');
      assert.deepEqual({ code, stdout }, { code: 130, stdout: '' });
      await until(
        async () => !(await isAnyAlive(children)),
        () => `the end of ${children.join(', ')}`,
      );
    }));

  test('two apps of one name are a mistake', () =>
    inWorkshop(async (workshop) => {
      const folder = await workshop.copyExample('hello');
      const { code, stderr } = await workshop.run(['up', folder, `${folder}/weft.yaml`]);
      assert.equal(code, 2);
      assert.match(stderr, /are both the app "hello"/);
    }));

  test('writes nothing into the folder of an app', () =>
    inWorkshop(async (workshop) => {
      const folder = await workshop.copyExample('hello');
      const up = await workshop.up([folder], { env: { WEFT_DATA: workshop.path('elsewhere') } });
      await up.end();
      assert.deepEqual((await readdir(folder)).toSorted(), ['hello.c', 'weft.yaml']);
    }));
});

/** Waits as long as it is told, milliseconds. */
const SLOW = `#include <weft/v1.h>
#include <stdlib.h>
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  char text[16] = {0};
  const char *body = weft_request_body(request, &length);
  for (size_t i = 0; i < length && i < sizeof text - 1; i++) text[i] = body[i];
  weft_sleep_ms(atof(text));
  return weft_response_write(response, "done", 4);
}
`;

/** Keeps a compiler busy for minutes: text that doubles thirty times. */
const HARD_TO_COMPILE = `#define A0(x) x + x * 3
${Array.from({ length: 30 }, (_, i) => `#define A${i + 1}(x) A${i}(x) + A${i}(x)`).join('\n')}
volatile int v;
int weft_handle(weft_request *request, weft_response *response) { (void)request; (void)response; return A30(v); }
`;

/** Of all generations. */
async function childrenOf(pid: number): Promise<number[]> {
  const direct = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')).split(' ').filter(Boolean).map(Number);
  const further = await Promise.all(direct.map(childrenOf));
  return [...direct, ...further.flat()];
}

/** The launcher has children of its own before it becomes the command. */
function isCompiler(pid: number): boolean {
  try {
    return /clang|daemon/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return false; // it ended meanwhile
  }
}

async function isAnyAlive(pids: readonly number[]): Promise<boolean> {
  const states = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return states.some((state) => state !== '' && !/\) Z /.test(state));
}
