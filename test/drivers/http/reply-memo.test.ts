/** Answers whose head is known already are understood as if it were not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ReplyMemo } from '../../../src/drivers/http/reply-memo.ts';
import { ResponseParser, sharedLlhttp } from '../../../src/drivers/http/response-parser.ts';

const LIMITS = { headBytes: 65_536, headers: 100 };

interface Exchanged {
  readonly method: string;
  readonly pieces: readonly string[];
}

/** All that can be known of an answer, received in these pieces. */
function understood(parser: ResponseParser, { method, pieces }: Exchanged): unknown {
  parser.expect({ method });
  const seen: unknown[] = [];
  for (const piece of pieces) {
    parser.feed(Buffer.from(piece, 'latin1'));
    const { head, complete, keepAlive, begun, problem } = parser;
    seen.push({ head, piece: Buffer.from(parser.piece).toString('latin1'), complete, keepAlive: complete && keepAlive, begun, problem });
    if (complete || problem !== undefined) break;
  }
  return seen;
}

const HEADS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n',
  'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
  'HTTP/1.1 200 OK\r\n\r\n',
  'HTTP/1.1 999\r\n\r\n',
];
const BODIES = ['', 'ab', 'xy', 'abc', '2\r\nab\r\n0\r\n\r\n', '2\r\nxy\r\n0\r\n\r\n', '0\r\n\r\n', 'HTTP/1.1 200 OK\r\n'];

const exchanged = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD'),
    head: fc.constantFrom(...HEADS),
    body: fc.constantFrom(...BODIES),
    cuts: fc.array(fc.nat(80), { maxLength: 2 }),
  })
  .map(({ method, head, body, cuts }): Exchanged => {
    const all = head + body;
    const at = [0, ...cuts.map((cut) => cut % (all.length + 1)).sort((a, b) => a - b), all.length];
    return {
      method,
      pieces: at
        .slice(1)
        .map((end, i) => all.slice(at[i], end))
        .filter((piece) => piece !== ''),
    };
  });

describe('a head that came before', () => {
  test('means what it meant, whatever comes with it and however it comes', () => {
    fc.assert(
      fc.property(fc.array(exchanged, { minLength: 2, maxLength: 12 }), (answers) => {
        const memo = new ReplyMemo();
        for (const answer of answers) {
          // As on connections of their own: some of these answers end one.
          const [remembering, fresh] = [memo, new ReplyMemo()].map((each) => new ResponseParser(sharedLlhttp(), LIMITS, each));
          assert.ok(remembering && fresh);
          try {
            assert.deepEqual(understood(remembering, answer), understood(fresh, answer));
          } finally {
            remembering.close();
            fresh.close();
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('is the same object for as long as it comes', () => {
    const parser = new ResponseParser(sharedLlhttp(), LIMITS, new ReplyMemo());
    const replies = ['ab', 'xy', 'ab'].map((body) => {
      parser.expect({ method: 'GET' });
      parser.feed(Buffer.from(`${HEADS[0]}${body}`));
      return parser.head;
    });
    parser.close();
    assert.ok(replies[0] !== undefined && replies.every((reply) => reply === replies[0]));
  });
});
