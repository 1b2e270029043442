/** OpenFaaS's watchdogs as their functions and clients know them, in a context. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { TestEngine } from '../engine/harness.ts';
import { ask, BOTH, CAT, ENV, environmentIn, Request, send, serve } from './programs.ts';

const DURATION = /^X-Duration-Seconds: \d+\.\d{6}\r\n/m;
const HEADERS = ['Host: shop:8080', 'x-my-header: one', 'X-MY-HEADER: two', 'Content-Type: text/html'];

/**
 * Prints as many pieces as its input says, each a line of 1000 bytes, and lets others run between them. Before the eighth it computes for
 * longer than a time slice, as any program may seem to on a loaded machine: it goes on, and prints, some turns after it was woken.
 */
const PIECES = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void) {
  char line[1000];
  fgets(line, sizeof line, stdin);
  const int count = atoi(line);
  memset(line, '.', sizeof line);
  line[999] = '\\n';
  for (int i = 0; i < count; i++) {
    line[0] = (char)('a' + i % 26);
    if (i == 7) for (volatile int n = 0; n < 50000000; n++) {}
    if (write(1, line, sizeof line) < 0) { perror("write"); return 9; }
  }
  fprintf(stderr, "%d written\\n", count);
  return count % 2;
}`;

/** Prints, waits until it is killed or asked again, and prints again. */
const SLOW = `
#include <stdio.h>
#include <time.h>
int main(void) {
  puts("first");
  fflush(stdout);
  struct timespec pause = {0, 20000000};
  nanosleep(&pause, NULL);
  puts("second");
}`;

/** Its exit code is what its input says. */
const RETURNS = `
#include <stdio.h>
int main(void) { int code = 1; return scanf("%d", &code) == 1 ? code : 9; }`;

/** What is new in each call. */
function withoutCall({ Http_X_Call_Id, Http_X_Start_Time, ...rest }: Record<string, string>): Record<string, string> {
  assert.ok(Http_X_Call_Id !== undefined && Http_X_Start_Time !== undefined);
  return rest;
}

suite('classic watchdog', () => {
  let engine: TestEngine;
  before(async () => {
    engine = await serve('classic', {
      env: { source: ENV, spec: { env: { COLOUR: 'red', Http_Method: 'ours' } } },
      bare: { source: ENV, stdio: { cgiHeaders: false }, spec: { env: { COLOUR: 'red' } } },
      cat: { source: CAT },
      typed: { source: CAT, spec: { contentType: 'text/csv' } },
      marshal: { source: CAT, stdio: { marshalRequest: true } },
      both: { source: BOTH },
      returns: { source: RETURNS },
      combined: { source: BOTH, stdio: { combineOutput: true } },
      slow: { source: SLOW, limits: { deadlineMs: 5 } },
      little: { source: CAT, limits: { responseBytes: 10 } },
      trap: { source: '#include <stdio.h>\nint main(void) { puts("part"); __builtin_trap(); }' },
    });
  });
  after(() => engine.close());

  test('has its variables, the first value of each header, and no others', async () => {
    const reply = await ask(engine, 'env', { method: 'PUT', target: '/a/b%20c?x=1', headers: HEADERS, body: 'four' });
    assert.deepEqual(withoutCall(environmentIn(reply)), {
      COLOUR: 'red',
      Http_Content_Length: '4',
      Http_ContentLength: '4',
      Http_Content_Type: 'text/html',
      Http_Host: 'shop:8080',
      Http_Method: 'ours',
      Http_Path: '/a/b%20c',
      Http_Query: 'x=1',
      Http_X_Forwarded_Host: 'shop:8080',
      Http_X_My_Header: 'one',
    });
    assert.deepEqual(environmentIn(await ask(engine, 'bare', { headers: HEADERS })), { COLOUR: 'red' });
  });

  test("the gateway's headers: who called, and which call it is, also for the client", async () => {
    const reply = await ask(engine, 'env', { headers: ['Host: shop', 'X-Forwarded-Host: first'] });
    const { Http_X_Call_Id: id, Http_X_Start_Time: start, Http_X_Forwarded_Host: host } = environmentIn(reply);
    assert.match(id ?? '', /^[-0-9a-f]{36}$/);
    assert.ok(Math.abs(Number(start) / 1e6 - Date.now()) < 60_000, String(start));
    assert.equal(host, 'first');
    assert.ok(reply.head.includes(`\r\nX-Call-Id: ${id}\r\nX-Start-Time: ${start}\r\n`), reply.head);
    const named = await ask(engine, 'env', { headers: ['X-Call-Id: mine'] });
    assert.equal(environmentIn(named)['Http_X_Call_Id'], 'mine');
    assert.doesNotMatch(named.head, /X-Call-Id/i);
    assert.match((await ask(engine, 'both', { body: '3' })).head, /X-Call-Id: .*\r\nX-Start-Time: \d+\r\n/);
  });

  test('success has the type of the request, and how long it took', async () => {
    const { status, head, body } = await ask(engine, 'cat', { headers: ['Content-Type: application/json'], body: '{}' });
    assert.deepEqual([status, body], [200, '{}']);
    assert.match(head, /^Content-Type: application\/json\r\n/);
    assert.match(head, DURATION);
    assert.match((await ask(engine, 'cat')).head, /^Content-Type: text\/plain\r\n/);
    assert.match((await ask(engine, 'typed', { headers: HEADERS })).head, /^Content-Type: text\/csv\r\n/);
  });

  test('verbs that it does not know are 405, and the program does not run', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) assert.equal((await ask(engine, 'cat', { method })).status, 200);
    for (const method of ['HEAD', 'OPTIONS', 'TRACE']) {
      const { status, head, body } = await ask(engine, 'cat', { method });
      assert.deepEqual([status, head, body], [405, 'Allow: POST, PUT, PATCH, DELETE, GET\r\n', '']);
    }
  });

  test('an exit code is a 500 that tells it, then the output, and no duration', async () => {
    const { status, head, body } = await ask(engine, 'both', { body: '3' });
    assert.deepEqual([status, body], [500, 'exit status 3\none three']);
    assert.doesNotMatch(head, DURATION);
  });

  test('of an exit code the low eight bits count, as of any process', async () => {
    for (const name of ['both', 'returns']) {
      assert.equal((await ask(engine, name, { body: '256' })).status, 200, name);
      assert.match((await ask(engine, name, { body: '-1' })).body, /^exit status 255\n/, name);
    }
  });

  test('standard error goes to the log, or into the answer in the order of writing', async () => {
    engine.takeLogs();
    assert.equal((await ask(engine, 'both', { body: '0' })).body, 'one three');
    assert.deepEqual(
      engine.takeLogs().map(({ text }) => text),
      ['two '],
    );
    assert.equal((await ask(engine, 'combined', { body: '0' })).body, 'one two three');
    assert.equal((await ask(engine, 'combined', { body: '1' })).body, 'exit status 1\none two three');
    assert.ok(engine.takeLogs().every(({ text }) => !text.includes('two ')));
  });

  test('a marshalled request has headers and body, as base64', async () => {
    const { body } = await ask(engine, 'marshal', { headers: HEADERS.slice(1), body: Uint8Array.of(0, 255, 10) });
    const { header, body: told } = JSON.parse(body) as { header: Record<string, string[]>; body: unknown };
    assert.ok(header['X-Call-Id']?.length === 1 && header['X-Start-Time']?.length === 1, body);
    const { 'X-Call-Id': _id, 'X-Start-Time': _start, ...clients } = header;
    assert.deepEqual(
      { header: clients, body: told },
      {
        header: { 'X-My-Header': ['one', 'two'], 'Content-Type': ['text/html'] },
        body: { raw: 'AP8K' },
      },
    );
  });

  test('past the deadline the client gets 504, not the 408 that blames it', async () => {
    assert.equal((await ask(engine, 'slow')).status, 504);
  });

  test('a trap is a 502 that tells it: there is no signal in a context', async () => {
    const { status, body } = await ask(engine, 'trap');
    assert.equal(status, 502);
    assert.match(body, /WEFT_FUNCTION_TRAPPED/);
    assert.equal((await ask(engine, 'cat', { body: 'next' })).body, 'next');
  });

  test('more than the limit is refused, not cut', async () => {
    assert.equal((await ask(engine, 'little', { body: 'ten bytes.' })).status, 200);
    assert.equal((await ask(engine, 'little', { body: 'ten bytes.+' })).status, 500);
  });
});

suite('of-watchdog, serializing', () => {
  let engine: TestEngine;
  before(async () => {
    engine = await serve('serializing', { env: { source: ENV }, cat: { source: CAT }, both: { source: BOTH } });
  });
  after(() => engine.close());

  test('has its variables and no others', async () => {
    const reply = await ask(engine, 'env', { method: 'GET', target: '/a?b', headers: ['X-Tag: t', 'Transfer-Encoding: chunked'] });
    assert.deepEqual(withoutCall(environmentIn(reply)), {
      Http_Method: 'GET',
      Http_Path: '/a',
      Http_Query: 'b',
      Http_Transfer_Encoding: 'chunked',
      Http_X_Tag: 't',
    });
  });

  test('success has a type of its own, whatever the request had', async () => {
    const { status, head, body } = await ask(engine, 'cat', { method: 'OPTIONS', headers: HEADERS, body: 'text' });
    assert.deepEqual([status, body], [200, 'text']);
    assert.match(head, /^Content-Type: application\/octet-stream\r\n/);
    assert.match(head, DURATION);
  });

  test('an exit code is a 500 with that alone; what was printed is in the log, not lost', async () => {
    engine.takeLogs();
    const { status, head, body } = await ask(engine, 'both', { body: '7' });
    assert.deepEqual([status, body], [500, 'exit status 7']);
    assert.match(head, DURATION);
    assert.ok(
      engine.takeLogs().some(({ level, text }) => level === 'error' && /exit status 7; printed, and not answered: one three/.test(text)),
    );
  });
});

/** A client that takes a piece and then nothing until it is told to. */
class SlowClient extends Request {
  readonly pieces: string[] = [];
  waits = 0;
  #taken: (() => void) | undefined;

  override write(piece: Uint8Array): boolean {
    super.write(piece);
    this.pieces.push(Buffer.from(piece).toString());
    return false;
  }

  override drained(): Promise<void> {
    this.waits++;
    return new Promise((resolve) => {
      this.#taken = resolve;
    });
  }

  /** False when nobody waits. */
  take(): boolean {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
    return taken !== undefined;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

suite('of-watchdog, streaming', () => {
  let engine: TestEngine;
  before(async () => {
    engine = await serve('streaming', {
      pieces: { source: PIECES },
      slow: { source: SLOW },
      late: { source: SLOW.replace('20000000', '0').replace('{0', '{60'), limits: { deadlineMs: 300 } },
      both: { source: BOTH, spec: { contentType: 'text/event-stream' } },
      quiet: { source: 'int main(void) { return 3; }' },
      trap: { source: '#include <stdio.h>\nint main(void) { if (getchar() == 112) { puts("part"); fflush(stdout); } __builtin_trap(); }' },
      little: { source: PIECES, limits: { responseBytes: 2500 } },
    });
  });
  after(() => engine.close());

  test('what is printed is on its way while the program goes on', async () => {
    const client = new Request({});
    const seen: string[] = [];
    client.write = (piece) => {
      seen.push(Buffer.from(piece).toString());
      return true;
    };
    const reply = send(engine, 'slow', client);
    while (seen.length === 0) await turn();
    assert.equal(seen.join('').trim(), 'first');
    assert.ok(engine.thread.busy > 0, 'it runs on');
    assert.equal((await reply).status, 200);
    assert.equal(seen.join(''), 'first\nsecond\n');
  });

  test('is 200 whatever the exit code, without duration; standard error is the log', async () => {
    engine.takeLogs();
    const { status, head, body } = await ask(engine, 'both', { body: '9' });
    assert.deepEqual([status, body], [200, 'one three']);
    assert.match(head, /^Content-Type: text\/event-stream\r\nX-Call-Id: [-0-9a-f]{36}\r\nX-Start-Time: \d+\r\n$/);
    assert.deepEqual(
      engine.takeLogs().map(({ text }) => text),
      ['two '],
    );
    const quiet = await ask(engine, 'quiet');
    assert.deepEqual([quiet.status, quiet.body], [200, '']);
    assert.match(quiet.head, /^Content-Type: application\/octet-stream\r\nX-Call-Id: [-0-9a-f]{36}\r\nX-Start-Time: \d+\r\n$/);
  });

  test('a slow client slows the program, and all arrives in order', async () => {
    const client = new SlowClient({ body: '50' });
    const reply = send(engine, 'pieces', client);
    for (let taken = 0; taken < 50; taken++) {
      // It may still be on its way to the piece that the client waits for.
      while (client.waits === taken) await turn();
      for (const _ of ['the program', 'and all that it might have set off']) await turn();
      assert.equal(client.pieces.length, taken + 1, 'nothing is printed while the client does not take it');
      assert.ok(client.take());
    }
    const { body } = await reply;
    assert.equal(client.waits, 50);
    assert.deepEqual(
      body
        .trimEnd()
        .split('\n')
        .map((line) => line[0]),
      Array.from({ length: 50 }, (_, i) => String.fromCharCode(97 + (i % 26))),
    );
  });

  test('a client that leaves ends the program: writing fails', async () => {
    engine.takeLogs();
    const client = new SlowClient({ body: '1000' });
    const reply = send(engine, 'pieces', client);
    while (client.waits === 0) await turn();
    client.closed = true;
    client.take();
    await reply;
    assert.equal(client.pieces.length, 1);
    assert.ok(engine.takeLogs().some(({ text }) => /write: Broken pipe/.test(text)));
  });

  test('what cannot be whole is broken off: a trap, the deadline, more than the limit', async () => {
    for (const [name, body] of [
      ['trap', 'p'],
      ['late', ''],
      ['little', '3'],
    ] as const) {
      const request = new Request({ body });
      const { status } = await send(engine, name, request);
      assert.deepEqual([name, status, request.aborted], [name, 200, true]);
    }
  });

  test('a trap before anything was printed is an error like any other', async () => {
    const request = new Request({});
    assert.equal((await send(engine, 'trap', request)).status, 502);
    assert.equal(request.aborted, false);
  });

  test('requests do not see what was streamed before', async () => {
    for (const count of [2, 4]) assert.equal((await ask(engine, 'pieces', { body: String(count) })).body.length, count * 1000);
  });
});
