/** A request through its contract's wire to a real server, and the answer's way back: whole, streamed, to a call, refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { http } from '../../../src/contracts/http.ts';
import { type Served, serveThrough } from '../../../src/drivers/http/serve.ts';
import type { HttpWire } from '../../../src/drivers/wire.ts';
import { Failure } from '../../../src/engine/contract.ts';
import { type AnswerStream, type DrivenRequest, STREAMED } from '../../../src/engine/driver.ts';
import { Ending } from '../../../src/engine/ending.ts';
import { WeftError } from '../../../src/model/errors.ts';
import { settings } from './settings.ts';
import { type Behaviour, saying, talkTo } from './servers.ts';

class Recorder implements AnswerStream {
  status = 0;
  head = '';
  readonly pieces: Buffer[] = [];
  closed = false;
  slow = false;
  waits = 0;

  begin(status: number, head: Uint8Array): void {
    this.status = status;
    this.head = Buffer.from(head).toString('latin1');
  }

  write(piece: Uint8Array): boolean {
    this.pieces.push(Buffer.from(piece));
    return !this.slow;
  }

  async drained(): Promise<void> {
    this.waits += 1;
    await sleep(1);
  }

  get body(): string {
    return Buffer.concat(this.pieces).toString('latin1');
  }
}

interface Asking {
  readonly wire?: HttpWire;
  readonly method?: string;
  readonly stream?: Recorder;
  readonly responseBytes?: number;
}

async function serve(behaviour: Behaviour, { wire = http, method = 'GET', stream, responseBytes }: Asking = {}): Promise<Served> {
  await using talk = await talkTo(behaviour);
  const input = { head: Buffer.from(`${method} / HTTP/1.1\r\nHost: weft\r\n`), body: new Uint8Array(0), method, path: '', query: '' };
  const request: DrivenRequest = {
    input,
    depth: 1,
    startedAt: performance.now(),
    deadlineAt: performance.now() + 5000,
    ending: new Ending(),
    stream,
  };
  const spec = settings('http', { responseBytes });
  return await new Promise<Served>((resolve, reject) => {
    serveThrough({ spec, wire, client: talk.client }, request, (result) => (result instanceof Error ? reject(result) : resolve(result)));
  });
}

function textOf({ outcome }: Served): string {
  assert.ok(typeof outcome === 'object' && !(outcome instanceof Failure), 'it is no whole answer');
  return `${outcome.status}\n${Buffer.from(outcome.head).toString('latin1')}\n${Buffer.from(outcome.body).toString('latin1')}`;
}

for (const stream of [undefined, new Recorder()]) {
  test(`a small answer is whole, in however many pieces it comes, ${stream ? 'to a request' : 'to a call'}`, async () => {
    const whole = await serve(
      (socket) => {
        socket.write('HTTP/1.1 201 Created\r\nContent-Length: 6\r\nX-A: b\r\nConnection: x-a, close\r\nX-C: d\r\n\r\nabc');
        setTimeout(() => socket.write('def'), 5);
      },
      { ...(stream ? { stream } : {}) },
    );
    assert.equal(textOf(whole), '201\nX-C: d\r\n\nabcdef');
    assert.equal(stream?.status ?? 0, 0);
  });
}

test('an answer without a length that comes in one piece is whole', async () => {
  const stream = new Recorder();
  const served = await serve(saying('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n'), { stream });
  assert.equal(textOf(served), '200\n\nabc');
});

test('an answer without a length that comes in pieces is passed on as they come', async () => {
  const stream = new Recorder();
  const { outcome } = await serve(
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
      const goOn = (): void => {
        if (stream.status === 0) setTimeout(goOn, 1);
        else socket.end('data: 1\n\n');
      };
      goOn();
    },
    { stream },
  );
  assert.deepEqual(
    [outcome, stream.status, stream.head, stream.body],
    [STREAMED, 200, 'Content-Type: text/event-stream\r\n', 'data: 1\n\n'],
  );
});

test('a large answer is streamed to a slow client, whole, and gathered for a call', async () => {
  const body = 'weft '.repeat(1_000_000);
  const large = saying(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const stream = new Recorder();
  stream.slow = true;
  assert.equal((await serve(large, { stream })).outcome, STREAMED);
  assert.ok(stream.body === body);
  assert.ok(stream.waits > 1);
  assert.ok(textOf(await serve(large)).endsWith(body));
});

test('an answer to a call over the limit is refused', async () => {
  await assert.rejects(
    serve(saying(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(2000)}`), { responseBytes: 1999 }),
    (cause) => cause instanceof WeftError && cause.code === 'WEFT_RESPONSE_TOO_LARGE',
  );
});

test('an answer nobody waits for any more is not read on', async () => {
  const stream = new Recorder();
  stream.closed = true;
  const { outcome } = await serve(saying(`HTTP/1.1 200 OK\r\n\r\nendless`), { stream });
  assert.equal(outcome, STREAMED);
  assert.equal(stream.body, '');
});

test('an answer to HEAD has no length of its own', async () => {
  const stream = new Recorder();
  const { outcome } = await serve(saying('HTTP/1.1 200 OK\r\nContent-Length: 70\r\nX-A: b\r\n\r\n'), { stream, method: 'HEAD' });
  assert.deepEqual([outcome, stream.status, stream.head, stream.body], [STREAMED, 200, 'X-A: b\r\n', '']);
});

test('a malformed answer is an error that says what is wrong', async () => {
  await assert.rejects(serve(saying('nonsense\r\n\r\n')), (cause) => {
    assert.ok(cause instanceof WeftError);
    assert.equal(cause.code, 'WEFT_BAD_RESPONSE');
    assert.match(cause.message, /^Function "f" set an illegal response: .*HTTP/);
    return true;
  });
});

test('a failure by the contract is passed on, once its answer was read, or at once when the instance is done for', async () => {
  const failing = (fatal: boolean): HttpWire => ({
    ...http,
    answer: () => ({ kind: 'failure', failure: new Failure('says so'), fatal }),
  });
  const kept = await serve(saying('HTTP/1.1 502 X\r\nContent-Length: 3\r\n\r\nabc'), { wire: failing(false) });
  assert.ok(kept.outcome instanceof Failure && !kept.fatal);
  const gone = await serve(saying('HTTP/1.1 418 X\r\n\r\nendless'), { wire: failing(true), stream: new Recorder() });
  assert.ok(gone.outcome instanceof Failure && gone.fatal);
});
