import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { type Running, Workshop } from './weft.ts';

/** Says on standard output and in its log what it was told; fails when that is "fail". */
const TALKER = `#include <weft/v1.h>
#include <string.h>
int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *body = weft_request_body(request, &length);
  weft_log_bytes(WEFT_INFO, body, length);
  weft_response_header(response, "X-Method", weft_request_method(request));
  weft_response_header(response, "X-Path", weft_request_path(request));
  const char *sent = weft_request_header(request, "X-Sent");
  if (sent != NULL) weft_response_header(response, "X-Sent", sent);
  if (length == 4 && memcmp(body, "trap", 4) == 0) __builtin_trap();
  if (length == 4 && memcmp(body, "fail", 4) == 0) weft_response_status(response, 422);
  return weft_response_write(response, body, length);
}
`;

suite('commands that talk to a platform', async () => {
  const workshop = await Workshop.open();
  let up: Running;

  before(async () => {
    await workshop.run(['init', 'talker']);
    await writeFile(workshop.path('talker/talker.c'), TALKER);
    up = await workshop.up(['talker', await workshop.copyExample('hello')]);
  });
  after(() => workshop[Symbol.asyncDispose]());

  test('invoke: the body goes out as it is, whatever it is, and comes back so', async () => {
    const bytes = randomBytes(300_000);
    await writeFile(workshop.path('bytes'), bytes);
    for (const args of [['--file', 'bytes'], ['--file', '-'], []]) {
      const piped = args[1] === 'bytes' ? {} : { input: bytes };
      const { code, stdout } = await workshop.run(['invoke', 'talker', ...args, '--json'], piped);
      assert.equal(code, 0);
      const { body, encoding } = JSON.parse(stdout) as { body: string; encoding: string };
      assert.equal(encoding, 'base64');
      assert.ok(Buffer.from(body, 'base64').equals(bytes), args.join(' '));
    }
    const { stdout } = await workshop.run(['invoke', 'talker', '--data', 'no newline']);
    assert.equal(stdout, 'no newline');
  });

  test('invoke: method, path, query and headers reach the function; -i shows the head', async () => {
    const args = ['-X', 'put', '--path', '/a%20b?c=d', '-H', 'X-Sent: yes', '-i', '--data', 'x'];
    const { code, stdout } = await workshop.run(['invoke', 'talker', ...args]);
    assert.equal(code, 0);
    assert.match(stdout, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(stdout, /\r\nX-Method: PUT\r\n/i);
    assert.match(stdout, /\r\nX-Path: \/a%20b\r\n/i);
    assert.match(stdout, /\r\nX-Sent: yes\r\n/i);
    assert.match(stdout, /\r\n\r\nx$/);
  });

  test('invoke: a function’s own error is its data, and ends with 5', async () => {
    const { code, stdout, stderr } = await workshop.run(['invoke', 'talker', '--data', 'fail']);
    assert.deepEqual({ code, stdout }, { code: 5, stdout: 'fail' });
    assert.match(stderr, /talker answered 422 Unprocessable Entity/);
  });

  test('invoke: a header that belies the body is a mistake, and no fault of the platform', async () => {
    const { code, stderr } = await workshop.run(['invoke', 'talker', '--data', 'a', '--header', 'Content-Length: 5']);
    assert.deepEqual([code, /does not match content-length/.test(stderr)], [2, true], stderr);
  });

  test('invoke: an error of the platform is told with what to do', async () => {
    const trapped = await workshop.run(['invoke', 'talker', '--data', 'trap']);
    assert.equal(trapped.code, 5);
    assert.equal(trapped.stdout, '');
    assert.match(trapped.stderr, /Function "talker" trapped[\s\S]*weft logs talker/);
    const unknown = await workshop.run(['invoke', 'nobody']);
    assert.equal(unknown.code, 4);
    assert.match(unknown.stderr, /No function named "nobody"/);
  });

  test('list and describe show what is deployed', async () => {
    const { code, stdout, stderr } = await workshop.run(['list']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^FUNCTION\s/);
    assert.match(stdout, /^hello\s+hello\s/m);
    assert.match(stdout, /^talker\s+talker\s/m);
    const listed = JSON.parse((await workshop.run(['list', '--json'])).stdout) as { name: string }[];
    assert.deepEqual(listed.map(({ name }) => name).toSorted(), ['hello', 'talker']);
    const one = await workshop.run(['describe', 'talker']);
    assert.equal(one.code, 0, one.stderr);
    assert.match(one.stdout, /talker/);
    assert.equal((JSON.parse((await workshop.run(['describe', 'talker', '--json'])).stdout) as { name: string }).name, 'talker');
    assert.equal((await workshop.run(['describe', 'nobody'])).code, 4);
  });

  test('logs show what a function wrote, the last lines of it, and what comes', async () => {
    for (const text of ['first', 'second', 'third']) await workshop.run(['invoke', 'talker', '--data', text]);
    const all = await workshop.run(['logs', 'talker']);
    assert.equal(all.code, 0, all.stderr);
    assert.match(all.stdout, /first\n[\s\S]*second\n[\s\S]*third\n$/);
    const last = await workshop.run(['logs', 'talker', '--tail', '1']);
    assert.match(last.stdout, /^\S+ info {2}talker: third\n$/);
    const json = JSON.parse((await workshop.run(['logs', 'talker', '-n', '1', '--json'])).stdout) as { text: string };
    assert.equal(json.text, 'third');
    assert.equal((await workshop.run(['logs', 'hello', '--since', '1ms'])).stdout, '');
  });

  test('logs since before there were any are all of them', async () => {
    for (const since of ['1000000d', '999999999999d']) {
      const { code, stdout, stderr } = await workshop.run(['logs', 'talker', '--since', since]);
      assert.deepEqual([code, stdout !== ''], [0, true], stderr);
    }
  });

  test('logs -f goes on, and ends with Ctrl-C', async () => {
    const following = workshop.start(['logs', 'talker', '-f', '--tail', '1']);
    await following.printed(/\n/);
    await workshop.run(['invoke', 'talker', '--data', 'more']);
    await following.printed(/talker: more\n/);
    assert.equal((await following.end('SIGINT')).code, 130);
  });

  test('scale frees contexts and makes them; the next request is answered all the same', async () => {
    for (const contexts of ['0', '2']) {
      const { code, stderr } = await workshop.run(['scale', 'talker', contexts]);
      assert.equal(code, 0, stderr);
      assert.equal((await workshop.run(['invoke', 'talker', '--data', 'on'])).stdout, 'on');
    }
    assert.equal((await workshop.run(['scale', 'nobody', '1'])).code, 4);
  });

  test('deploy hands a new version over; one that does not compile changes nothing', async () => {
    const folder = await workshop.copyExample('echo');
    const deployed = await workshop.run(['deploy', folder]);
    assert.equal(deployed.code, 0, deployed.stderr);
    assert.match(deployed.stdout, /^echo: version 1\n$/);
    assert.match((await workshop.run(['deploy', folder])).stdout, /^echo: version 1, as it was\n$/);
    const source = await readFile(`${folder}/echo.c`, 'utf8');
    await writeFile(`${folder}/echo.c`, source.replace('size_t length;', 'size_t length'));
    const broken = await workshop.run(['deploy', folder, '--json']);
    assert.equal(broken.code, 1);
    const errors = broken.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { error?: { code: string; output: string } });
    const { error } = errors.find((line) => line.error !== undefined) ?? {};
    assert.equal(error?.code, 'WEFT_COMPILE_FAILED');
    assert.match(error?.output ?? '', /echo\.c:\d+:\d+: error: expected ';'/);
    assert.equal((await workshop.run(['invoke', 'echo', '--data', 'still here'])).stdout, 'still here');
  });

  test('deploy does all it was told, though nobody reads what it prints', async () => {
    for (const name of ['former', 'latter']) await workshop.run(['init', name]);
    const deploy = workshop.start(['deploy', 'former', 'latter']);
    deploy.stopReading();
    assert.equal((await deploy.outcome).code, 0);
    for (const name of ['former', 'latter']) assert.equal((await workshop.run(['remove', name])).code, 0, name);
  });

  test('remove takes an app out of service', async () => {
    await workshop.run(['init', 'gone']);
    assert.equal((await workshop.run(['deploy', 'gone'])).code, 0);
    const { code, stderr } = await workshop.run(['remove', 'gone']);
    assert.equal(code, 0, stderr);
    assert.equal((await workshop.run(['invoke', 'gone'])).code, 4);
    assert.equal((await workshop.run(['remove', 'gone'])).code, 4);
  });

  test('bench measures, and ends with 5 when answers are errors', async () => {
    const { code, stdout, stderr } = await workshop.run(['bench', 'hello', '--seconds', '1', '--connections', '2', '--json']);
    assert.equal(code, 0, stderr);
    const { requests, byStatus, p50Us, p99Us } = JSON.parse(stdout) as Record<string, number> & { byStatus: Record<string, number> };
    assert.deepEqual(byStatus, { 200: requests });
    assert.ok((p50Us ?? 0) > 0 && (p50Us ?? 0) <= (p99Us ?? 0));
    assert.equal((await workshop.run(['bench', 'talker', '--seconds', '1', '--data', 'fail'])).code, 5);
    assert.equal((await workshop.run(['bench', 'nobody'])).code, 4);
  });

  test('bench asks for what is below the function, as invoke does', async () => {
    const { code, stderr } = await workshop.run(['bench', 'hello', '--seconds', '1', '--connections', '1', '--path', 'items?page=2']);
    assert.equal(code, 0, stderr);
  });

  test('completion offers the functions that are deployed', async () => {
    const { code, stdout } = await workshop.run(['__functions']);
    assert.equal(code, 0);
    assert.ok(stdout.includes('hello\n') && stdout.includes('talker\n'));
  });

  test('without the right password the admin commands say where it is, and end with 6', async () => {
    const elsewhere = { WEFT_DATA: workshop.path('nothing-here'), WEFT_GATEWAY: up.url };
    const none = await workshop.run(['list'], { env: elsewhere });
    assert.equal(none.code, 6);
    assert.match(none.stderr, /needs a user and a password[\s\S]*--password-file/);
    const wrong = await workshop.run(['list'], { env: { WEFT_PASSWORD: 'wrong' } });
    assert.equal(wrong.code, 6);
    assert.match(wrong.stderr, /password/);
    const file = await workshop.run(['list', '--password-file', workshop.path('.weft/password')], { env: elsewhere });
    assert.equal(file.code, 0, file.stderr);
    assert.equal((await workshop.run(['invoke', 'hello'], { env: elsewhere })).code, 0, 'functions need no password');
  });
});
