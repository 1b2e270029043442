/** CloudEvents in every form that they come in, and what was sent before there were any; for a test file of each isolation. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Host } from './behaviour.ts';
import { EVENTS, type Event, notification } from './events.ts';
import type { Hosted, Request } from './hosted.ts';
import { assertRecorded, binary, legacy, microsOf, type Recorded, readRecorded, structured } from './recorded.ts';

const JSON_EVENT = { id: '1', source: '//test', type: 'com.example' };
const HEADERS = [
  ['ce-id', '1'],
  ['ce-source', '//test'],
  ['ce-type', 'com.example'],
] as const;

export function readsEvents(host: Host): void {
  let hosted: Hosted | undefined;
  before(async () => {
    hosted = await host({ source: 'recorder.cpp', entry: 'Recorder' });
  });
  after(() => hosted?.close());

  /** What the function printed. */
  async function lines(request: Request): Promise<string[]> {
    assert.ok(hosted);
    await hosted.printed();
    const { status, body } = await hosted.send(request);
    assert.deepEqual([status, body], [200, '']);
    return (await hosted.printed()).flatMap((line) => line.split(/(?<=\})(?=\{)/));
  }

  async function recorded(request: Request): Promise<Recorded> {
    const [line = '{}', ...more] = await lines(request);
    assert.deepEqual(more, []);
    return readRecorded(line);
  }

  async function refused(request: Request, reason: RegExp): Promise<void> {
    assert.ok(hosted);
    const { status, body } = await hosted.send(request);
    assert.equal(status, 500);
    assert.match((JSON.parse(body) as { message: string }).message, reason);
  }

  test('the conformance set is whole', () => {
    assert.equal(Object.keys(EVENTS).length, 17);
  });

  for (const [name, { event, legacy: before }] of Object.entries(EVENTS)) {
    describe(name, () => {
      test('binary', async () => assertRecorded((await lines(binary(event)))[0], event));
      test('structured', async () =>
        assertRecorded((await lines(structured({ specversion: '1.0', datacontenttype: 'application/json', ...event })))[0], event));
      test('legacy', async () => assertRecorded((await lines(legacy(before)))[0], event));
      if (!('context' in (before as object))) {
        test('legacy, within a context', async () => {
          const { data, domain, ...context } = before as Record<string, unknown>;
          assertRecorded((await lines(legacy({ data, domain, context })))[0], event);
        });
      }
    });
  }

  describe('binary', () => {
    test('with as little as can be', async () => {
      const { id, source, type, specversion, ...rest } = await recorded({ method: 'GET', headers: HEADERS });
      assert.deepEqual([id, source, type, specversion], ['1', '//test', 'com.example', '1.0']);
      assert.deepEqual(rest, { datacontenttype: null, dataschema: null, subject: null, data: null, micros: null });
    });

    test('data are any bytes; without a length too', async () => {
      const headers = [...HEADERS, ['Content-Type', 'application/octet-stream'] as const];
      assert.equal((await recorded({ headers, body: 'not \u0000 JSON' })).data, 'not \u0000 JSON');
      assert.equal((await recorded({ headers: [...headers, ['Content-Length', '0']] })).data, '');
    });

    test('all attributes, and no others', async () => {
      const headers = [
        ['CE-ID', '1'],
        ['Ce-Source', '//test'],
        ['cE-tYPE', 'com.example'],
        ['ce-specversion', '1.1'],
        ['ce-dataschema', 'https://example.com/schema'],
        ['ce-subject', 'the subject'],
        ['ce-time', '2026-01-02T03:04:05.678901+01:00'],
        ['ce-datacontenttype', 'text/plain'],
        ['ce-extension', 'dropped'],
      ] as const;
      assert.deepEqual(await recorded({ headers }), {
        ...JSON_EVENT,
        specversion: '1.1',
        dataschema: 'https://example.com/schema',
        subject: 'the subject',
        datacontenttype: 'text/plain',
        micros: microsOf('2026-01-02T02:04:05.678901Z'),
        data: null,
      });
    });

    test('two content types that differ are refused', () =>
      refused(
        { headers: [...HEADERS, ['ce-datacontenttype', 'text/plain'], ['content-type', 'text/html']] },
        /Mismatched ce-datacontentype and Content-Type header values$/,
      ));

    for (const missing of ['ce-id', 'ce-source', 'ce-type']) {
      test(`without ${missing} it is refused`, () =>
        refused({ headers: [...HEADERS.filter(([name]) => name !== missing), ['Content-Type', 'text/plain']] }, new RegExp(missing)));
    }

    test('is meant by application/json as well, when all three are there', async () => {
      const headers = [...HEADERS, ['Content-Type', 'application/json'] as const];
      assert.equal((await recorded({ headers, body: '[1]' })).data, '[1]');
    });
  });

  describe('times', () => {
    const TIMES: Readonly<Record<string, string>> = {
      '2026-11-25T23:59:60Z': '2026-11-26T00:00:00Z',
      '1969-12-31T23:59:59.5Z': '1969-12-31T23:59:59.5Z',
      '2024-02-29T12:00:00-23:59': '2024-03-01T11:59:00Z',
      '2000-02-29T00:00:00+00:00': '2000-02-29T00:00:00Z',
      '2026-11-25t01:02:03.1234567891z': '2026-11-25T01:02:03.123456Z',
      '1700-03-01T00:00:00Z': '1700-03-01T00:00:00Z',
    };
    for (const [time, utc] of Object.entries(TIMES)) {
      test(time, async () => assert.equal((await recorded({ headers: [...HEADERS, ['ce-time', time]] })).micros, microsOf(utc)));
    }
    for (const time of [
      '',
      'yesterday',
      '2026-02-29T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-01-01T24:00:00Z',
      '2026-01-01T00:00:00',
      '2026-01-01T00:00:00.Z',
      '2026-01-01T00:00:00Zjunk',
      '1900-02-29T00:00:00Z',
      '26-01-01T00:00:00Z',
      '2026-01-01T00:00:00+0100',
    ]) {
      test(`refused: "${time}"`, () => refused({ headers: [...HEADERS, ['ce-time', time]] }, /is not a date and time of RFC 3339$/));
    }
  });

  test('a time that the clock does not reach is refused, never another', async () => {
    for (const time of ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z']) {
      await hosted?.printed();
      const { status, body } = (await hosted?.send({ headers: [...HEADERS, ['ce-time', time]] })) ?? {};
      const [line = '{}'] = (await hosted?.printed()) ?? [];
      if (status === 200) assert.equal(readRecorded(line).micros, microsOf(time));
      else assert.match(body ?? '', /beyond the times that the clock of this machine has/);
    }
  });

  describe('structured', () => {
    test('data as an object, a string, or base64', async () => {
      assert.equal(
        (await recorded(structured({ ...JSON_EVENT, data: { b: [1.5, { c: null }], a: 'ü\u0000' } }))).data,
        '{"a":"ü\\u0000","b":[1.5,{"c":null}]}',
      );
      assert.equal((await recorded(structured({ ...JSON_EVENT, data: '{ "as": "it is" }' }))).data, '{ "as": "it is" }');
      assert.equal((await recorded(structured({ ...JSON_EVENT, data_base64: 'aGk=' }))).data, 'hi');
      assert.equal((await recorded(structured({ ...JSON_EVENT, data: null, subject: null }))).data, null);
    });

    test('numbers keep every digit', async () => {
      const body = '{"id":"1","source":"s","type":"t","data":{"n":12345678901234567890.12300E+05}}';
      assert.equal((await recorded({ ...structured({}), body })).data, '{"n":12345678901234567890.12300E+05}');
    });

    for (const data of [[1], 1, true])
      test(`data cannot be ${JSON.stringify(data)}`, () => refused(structured({ ...JSON_EVENT, data }), /must be an object or a string/));
    for (const name of ['id', 'source', 'type']) {
      test(`without ${name} it is refused`, () => refused(structured({ ...JSON_EVENT, [name]: undefined }), new RegExp(`"${name}"`)));
      test(`with another ${name} than a text it is refused`, () =>
        refused(structured({ ...JSON_EVENT, [name]: 1 }), new RegExp(`"${name}"`)));
    }
    for (const wrong of ['aGk', 'a===', 'aGk=aGk=', 'aG k', 'aGl=', '====']) {
      test(`base64 that is none is refused: ${wrong}`, () => refused(structured({ ...JSON_EVENT, data_base64: wrong }), /invalid base64/));
    }
    for (const body of ['', '{', 'nonsense', '{"id":"1"} x', '"x"'])
      test(`refused: ${JSON.stringify(body)}`, () => refused({ ...structured({}), body }, /JSON|missing/));

    test('a call from another function, without any header, is one', async () => {
      const { id } = await recorded({ headers: [], body: JSON.stringify(JSON_EVENT) });
      assert.equal(id, '1');
    });
  });

  describe('batch', () => {
    const type = 'application/cloudevents-batch+json';

    test('the function is called for each, in order', async () => {
      const ids = ['3', '1', '2'];
      const found = await lines(
        structured(
          ids.map((id) => ({ ...JSON_EVENT, id })),
          type,
        ),
      );
      assert.deepEqual(
        found.map((line) => readRecorded(line).id),
        ids,
      );
      assert.deepEqual(await lines(structured([], type)), []);
    });

    test('the first that throws ends it', async () => {
      assert.ok(hosted);
      await hosted.printed();
      const answer = await hosted.send(
        structured(
          ['1', 'throw', '2'].map((id) => ({ ...JSON_EVENT, id })),
          type,
        ),
      );
      assert.equal(answer.status, 500);
      const printed = (await hosted.printed()).flatMap((line) => line.split(/(?<=\})(?=\{)/));
      assert.deepEqual(
        printed.filter((line) => line.includes('micros')).map((line) => readRecorded(line).id),
        ['1'],
      );
    });

    test('one that is no event spoils all: none is called', async () => {
      assert.ok(hosted);
      await hosted.printed();
      await refused(structured([JSON_EVENT, {}], type), /"id"/);
      assert.ok(!(await hosted.printed()).some((line) => line.includes('micros')));
    });

    test('what is no array is refused', () => refused(structured(JSON_EVENT, type), /must be a JSON array/));

    test('a notification of Cloud Storage in it stays what it is', async () => {
      const { wrapped } = notification('OBJECT_FINALIZE', '');
      const [line = ''] = await lines(structured([wrapped], type));
      assert.equal(readRecorded(line).type, wrapped.type);
    });
  });

  describe('a notification of Cloud Storage through Pub/Sub', () => {
    const KINDS = {
      OBJECT_FINALIZE: 'finalized',
      OBJECT_METADATA_UPDATE: 'metadataUpdated',
      OBJECT_DELETE: 'deleted',
      OBJECT_ARCHIVE: 'archived',
    };
    for (const [kind, type] of Object.entries(KINDS)) {
      test(`${kind} is a Storage event`, async () => {
        const { wrapped, unwrapped } = notification(kind, `google.cloud.storage.object.v1.${type}`);
        assertRecorded((await lines(binary(wrapped)))[0], unwrapped);
        assertRecorded((await lines(structured({ datacontenttype: 'application/json', ...wrapped })))[0], unwrapped);
      });
    }

    const { wrapped } = notification('OBJECT_FINALIZE', '');
    const { message } = wrapped.data as { message: { attributes: Record<string, string>; data: string } };
    const others: Readonly<Record<string, Event>> = {
      'of an unknown kind': notification('OBJECT_EATEN', '').wrapped,
      'in another format': { ...wrapped, data: { message: { ...message, attributes: { ...message.attributes, payloadFormat: 'NONE' } } } },
      'without data': { ...wrapped, data: { message: { attributes: message.attributes } } },
      'of another type': { ...wrapped, type: 'com.example' },
      ...Object.fromEntries(
        Object.keys(message.attributes).map((name) => [
          `without ${name}`,
          { ...wrapped, data: { message: { ...message, attributes: { ...message.attributes, [name]: undefined } } } },
        ]),
      ),
    };
    for (const [name, event] of Object.entries(others)) {
      test(`${name} it stays what it is`, async () => {
        const { type, source } = await recorded(binary(event));
        assert.deepEqual([type, source], [event.type, event.source]);
      });
    }

    test('data that are no JSON stay what they are', async () => {
      assert.equal((await recorded({ ...binary(wrapped), body: '{broken' })).data, '{broken');
    });
  });

  describe('legacy', () => {
    const event = (type: string, more: object = {}) => ({
      eventId: '5',
      eventType: type,
      timestamp: '2026-01-01T00:00:00Z',
      resource: 'projects/p',
      data: { d: 1 },
      ...more,
    });

    const TYPES: Readonly<Record<string, string>> = {
      'google.pubsub.topic.publish': 'google.cloud.pubsub.topic.v1.messagePublished',
      'google.storage.object.finalize': 'google.cloud.storage.object.v1.finalized',
      'google.storage.object.delete': 'google.cloud.storage.object.v1.deleted',
      'google.storage.object.archive': 'google.cloud.storage.object.v1.archived',
      'google.storage.object.metadataUpdate': 'google.cloud.storage.object.v1.metadataUpdated',
      'google.storage.object.rename': 'google.storage.object.rename',
      'providers/cloud.firestore/eventTypes/document.create': 'google.cloud.firestore.document.v1.created',
      'providers/cloud.firestore/eventTypes/document.update': 'google.cloud.firestore.document.v1.updated',
      'providers/cloud.firestore/eventTypes/document.delete': 'google.cloud.firestore.document.v1.deleted',
      'providers/firebase.auth/eventTypes/user.delete': 'google.firebase.auth.user.v1.deleted',
    };
    for (const [before, now] of Object.entries(TYPES)) {
      test(`${before} is ${now}`, async () => {
        const service = before.startsWith('google.pubsub') ? { service: 'pubsub.googleapis.com' } : {};
        const resource = { ...service, name: 'projects/p/databases/d/documents/x/objects/o' };
        const data = { uid: 'u', metadata: {} };
        assert.equal((await recorded(legacy(event(before, { resource, data })))).type, now);
      });
    }

    test('analytics and remote config: the data are the whole of what was sent', async () => {
      const services = {
        'providers/google.firebase.analytics/eventTypes/event.log': 'firebaseanalytics.googleapis.com',
        'providers/firebase.remoteConfig/remoteconfig.update': 'firebaseremoteconfig.googleapis.com',
      };
      for (const [type, service] of Object.entries(services)) {
        const sent = event(type, { resource: { service, name: 'projects/p' } });
        const { data, source, subject } = await recorded(legacy(sent));
        assert.deepEqual([JSON.parse(data ?? ''), source, subject], [sent, `//${service}/projects/p`, null]);
      }
    });

    test('the context comes before what stands at the top', async () => {
      const type = 'google.storage.object.delete';
      const resource = 'projects/_/buckets/b/objects/o';
      const { id, source } = await recorded(
        legacy(event('ignored', { resource: 'ignored', context: { eventId: '6', eventType: type, resource } })),
      );
      assert.deepEqual([id, source], ['6', '//storage.googleapis.com/projects/_/buckets/b']);
    });

    const STORAGE = 'google.storage.object.delete';
    const DATABASE = 'providers/google.firebase.database/eventTypes/ref.write';
    const AUTH = 'providers/firebase.auth/eventTypes/user.create';
    const WRONG: Readonly<Record<string, readonly [unknown, RegExp]>> = {
      'no object': [[], /eventType/],
      'an unknown type': [
        event('providers/cloud.storage/eventTypes/object.eaten', { resource: 'projects/_/buckets/b/objects/o' }),
        /unknown event type/,
      ],
      'a type of no known service': [event('com.example'), /no service is known/],
      'no id': [event(STORAGE, { eventId: undefined, resource: 'b/objects/o' }), /"eventId"/],
      'no timestamp': [event(STORAGE, { timestamp: undefined, resource: 'b/objects/o' }), /"timestamp"/],
      'a timestamp that is none': [event(STORAGE, { timestamp: 'now', resource: 'b/objects/o' }), /RFC 3339/],
      'no resource': [event(STORAGE, { resource: undefined }), /"resource"/],
      'a resource that is no object of Storage': [event(STORAGE), /objects\//],
      'no domain of a database': [event(DATABASE, { resource: 'projects/_/instances/i/refs/r' }), /"domain"/],
      'no reference of a database': [event(DATABASE, { domain: 'firebaseio.com' }), /refs\//],
      'no user': [event(AUTH, { data: { metadata: {} } }), /"uid"/],
      'no metadata of a user': [event(AUTH, { data: { uid: 'u' } }), /"metadata"/],
      'no data of a user': [event(AUTH, { data: undefined }), /"data"/],
      'no data of a message': [
        event('google.pubsub.topic.publish', { resource: { service: 'pubsub.googleapis.com', name: 'n' }, data: 'text' }),
        /"data"/,
      ],
    };
    for (const [name, [sent, reason]] of Object.entries(WRONG)) test(`${name} is refused`, () => refused(legacy(sent), reason));
  });
}
