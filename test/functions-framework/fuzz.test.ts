/** Whatever is sent as an event: it is read as JSON.parse reads it, or refused; the function never traps. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { autoBuilder } from '../toolchain/workshop.ts';
import { EVENTS } from './events.ts';
import type { Host } from './behaviour.ts';
import { type Answer, type Hosted, inContext, type Request } from './hosted.ts';
import { buildProgram, hasCompiler, SANITIZED, Server } from './process.ts';
import { binary, legacy, readRecorded, structured } from './recorded.ts';

const RUNS = 300;
const BATCH = 'application/cloudevents-batch+json';
const DEEPEST = 200;

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** JSON never says half of a pair of surrogates here: what is no UTF-8 is refused. */
const text = fc.string({ unit: 'grapheme' });
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom(null, true, false),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.integer(),
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      text.filter((name) => name !== '__proto__'),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

/** A text with some bytes changed, left out or put in. */
const damaged = (whole: string): fc.Arbitrary<Buffer> =>
  fc
    .array(
      fc.record({
        at: fc.nat(),
        drop: fc.nat(3),
        put: fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.constantFrom('"', '{', '}', '\\', ',', '[', ':')),
      }),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    .map((changes) => {
      let bytes = Buffer.from(whole);
      for (const { at, drop, put } of changes) {
        const place = at % (bytes.length + 1);
        bytes = Buffer.concat([bytes.subarray(0, place), Buffer.from(put), bytes.subarray(place + drop)]);
      }
      return bytes;
    });

function survives(host: Host): void {
  let hosted: Hosted | undefined;
  before(async () => {
    hosted = await host({ source: 'recorder.cpp', entry: 'Recorder' });
  });
  after(() => hosted?.close());

  async function send(request: Request): Promise<Answer> {
    assert.ok(hosted);
    await hosted.printed();
    return hosted.send(request);
  }

  /** Answered, or refused with a reason; nothing else. */
  async function sound(request: Request): Promise<void> {
    const { status, body } = await send(request);
    if (status === 200) assert.equal(body, '');
    else {
      assert.equal(status, 500, body);
      assert.match((JSON.parse(body) as { message: string }).message, /^standard C\+\+ exception thrown by the function: ./);
    }
  }

  /** Whether a text is JSON to the function: as a batch nothing but the text itself decides. */
  async function isJson(text: string | Uint8Array): Promise<boolean> {
    const { status, body } = await send({ headers: [['Content-Type', BATCH]], body: text });
    return status === 200 || !body.includes('invalid JSON');
  }

  describe('JSON', () => {
    test('what is read is written again', () =>
      fc.assert(
        fc.asyncProperty(json, fc.constantFrom(undefined, 1, '\t'), async (value, indent) => {
          const body = JSON.stringify({ id: '1', source: 's', type: 't', data: { value } }, null, indent);
          const { status } = await send({ ...structured({}), body });
          assert.equal(status, 200);
          const [line = ''] = (await hosted?.printed()) ?? [];
          if (line.endsWith('…')) return; // longer than a line of the log
          assert.deepEqual(JSON.parse(readRecorded(line).data ?? ''), { value });
        }),
        { numRuns: RUNS },
      ));

    test('is what JSON.parse takes', () =>
      fc.assert(
        fc.asyncProperty(
          json.chain((value) => damaged(JSON.stringify(value))),
          async (bytes) => {
            const decoded = bytes.toString('utf8');
            const isUtf8 = Buffer.from(decoded).equals(bytes);
            if (/\\u[dD][89a-fA-F]/.test(decoded)) return; // JSON.parse takes half a pair
            assert.equal(await isJson(bytes), isUtf8 && parses(decoded), decoded);
          },
        ),
        { numRuns: 2 * RUNS },
      ));

    const TEXTS = [
      '01',
      '-',
      '-0',
      '1.',
      '.5',
      '1e',
      '1e+',
      '1E-05',
      '+1',
      'nul',
      'NaN',
      'tru e',
      '""',
      '"',
      '"\\x"',
      '"\\u12"',
      '"\t"',
      '[1,]',
      '{,}',
      '{"a"}',
      '{"a":1,}',
      '[',
      ']',
      '1 2',
      '\ufeff1',
      '"\\ud83e\\uddf5"',
      ' \r\n\t1 ',
      '\u00a01',
      '{"a":1,"a":2}',
    ];
    for (const one of TEXTS) test(`like JSON.parse: ${JSON.stringify(one)}`, async () => assert.equal(await isJson(one), parses(one)));

    for (const one of ['"\\ud83e"', '"\\ud83e\\u0041"', '"\\uddf5"', '"\\ud83e', '"\\ud83e\\']) {
      test(`half a pair of surrogates is refused: ${one}`, async () => assert.equal(await isJson(one), false));
    }

    for (const bytes of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf0, 0x80, 0x80, 0x80], [0xff], [0xe2, 0x82]]) {
      test(`what is no UTF-8 is refused: ${Buffer.from(bytes).toString('hex')}`, async () =>
        assert.equal(await isJson(Buffer.from([0x22, ...bytes, 0x22])), false));
    }

    test(`is ${DEEPEST} levels deep at most`, async () => {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
      ] as const) {
        const deep = (levels: number): string => `${open.repeat(levels)}1${close.repeat(levels)}`;
        assert.equal(await isJson(deep(DEEPEST)), true);
        assert.equal(await isJson(deep(DEEPEST + 1)), false);
        assert.equal(await isJson(open.repeat(1_000_000)), false);
      }
    });
  });

  describe('events', () => {
    const forms = Object.values(EVENTS).flatMap(({ event, legacy: before }) => [structured(event), legacy(before), binary(event)]);

    test('damaged ones', () =>
      fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...forms).chain((request) => damaged(String(request.body)).map((body) => ({ ...request, body }))),
          sound,
        ),
        { numRuns: RUNS },
      ));

    test('any body with any headers of events', () => {
      const name = fc.constantFrom(
        'ce-id',
        'ce-source',
        'ce-type',
        'ce-time',
        'ce-subject',
        'ce-dataschema',
        'ce-specversion',
        'ce-datacontenttype',
        'content-type',
      );
      const value = fc.oneof(
        fc.constantFrom(
          'application/json',
          'application/cloudevents+json',
          BATCH,
          '2026-01-01T00:00:00Z',
          'google.cloud.pubsub.topic.v1.messagePublished',
        ),
        fc.string({ unit: 'binary-ascii' }).map((one) => one.replaceAll(/[^ -~]/g, '')),
      );
      const body = fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        json.map((one) => JSON.stringify(one)),
      );
      return fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 6 }), body, (headers, content) => sound({ headers, body: content })),
        { numRuns: RUNS },
      );
    });

    test('any members, of any kind, in the places of those that are looked at', () => {
      const members = [
        'id',
        'source',
        'type',
        'data',
        'data_base64',
        'time',
        'context',
        'eventId',
        'eventType',
        'resource',
        'timestamp',
        'domain',
      ];
      const types = [
        'google.storage.object.finalize',
        'providers/firebase.auth/eventTypes/user.create',
        'google.pubsub.topic.publish',
        'providers/google.firebase.database/eventTypes/ref.write',
      ];
      const value = fc.oneof(
        json,
        fc.constantFrom(...types, 'a/objects/b', 'a/documents/b', 'a/instances/b/refs/c', '2026-01-01T00:00:00Z'),
      );
      const object = fc.dictionary(fc.constantFrom(...members), value, { maxKeys: members.length });
      return fc.assert(
        fc.asyncProperty(object, fc.constantFrom('application/json', 'application/cloudevents+json'), (sent, type) =>
          sound(structured(sent, type)),
        ),
        { numRuns: RUNS },
      );
    });
  });
}

const builder = await autoBuilder();
after(() => builder.close());

describe('in a context', () => survives((program) => inContext(builder, program)));

describe('in a process, with sanitizers', () => {
  if (hasCompiler(SANITIZED)) survives((program) => Server.start(buildProgram(program, SANITIZED), program));
  else test('there is a C++ compiler with sanitizers', { skip: 'there is none on this machine' });
});
