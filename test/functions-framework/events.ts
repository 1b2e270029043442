/**
 * The events of the conformance set, by its names: what each is as a CloudEvent, and as it was sent before there were CloudEvents. Their
 * content is ours; their shapes are those of the services.
 */
export interface EventCase {
  readonly event: Event;
  /** What the service used to send; it becomes `event`. Absent: it was never sent so. */
  readonly legacy: unknown;
}

export interface Event {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly time: string;
  readonly data: unknown;
}

const DATABASE = 'projects/_/instances/weft-demo-default-rtdb';

/** An event of the Realtime Database: `kind` of the old type and of the new one. */
function database(
  id: string,
  [before, now]: readonly [string, string],
  { domain, location, path }: { domain: string; location: string; path: string },
  data: { data: unknown; delta: unknown },
): EventCase {
  const time = `2026-03-0${(id.length % 9) + 1}T08:15:30.${id.length}25Z`;
  return {
    event: {
      id,
      source: `//firebasedatabase.googleapis.com/projects/_/locations/${location}/instances/weft-demo-default-rtdb`,
      type: `google.firebase.database.ref.v1.${now}`,
      subject: `refs/${path}`,
      time,
      data,
    },
    legacy: {
      eventType: `providers/google.firebase.database/eventTypes/ref.${before}`,
      params: { child: path.split('/').at(-1) },
      auth: { admin: true },
      domain,
      data,
      resource: `${DATABASE}/refs/${path}`,
      timestamp: time,
      eventId: id,
    },
  };
}

const WRITTEN = ['write', 'written'] as const;
const CREATED = ['create', 'created'] as const;
const UPDATED = ['update', 'updated'] as const;
const DELETED = ['delete', 'deleted'] as const;
const IN_AMERICA = { domain: 'firebaseio.com', location: 'us-central1' };
const IN_EUROPE = { domain: 'europe-west1.firebasedatabase.app', location: 'europe-west1' };
const IN_ASIA = { domain: 'asia-southeast1.firebasedatabase.app', location: 'asia-southeast1' };

/** An event of Firestore, whose document is given with all of its fields. */
function firestore(id: string, path: string, data: unknown): EventCase {
  const parent = 'projects/weft-demo/databases/(default)';
  return {
    event: {
      id,
      source: `//firestore.googleapis.com/${parent}`,
      type: 'google.cloud.firestore.document.v1.written',
      subject: `documents/${path}`,
      time: '2026-04-23T12:00:27.247187Z',
      data,
    },
    legacy: {
      data,
      context: {
        eventId: id,
        eventType: 'providers/cloud.firestore/eventTypes/document.write',
        notSupported: {},
        resource: `${parent}/documents/${path}`,
        timestamp: '2026-04-23T12:00:27.247187Z',
      },
    },
  };
}

const document = (path: string, fields: unknown): unknown => ({
  name: `projects/weft-demo/databases/(default)/documents/${path}`,
  createTime: '2026-04-23T09:58:53.211035Z',
  updateTime: '2026-04-23T12:00:27.247187Z',
  fields,
});

/** A message of Pub/Sub. */
function message(id: string, time: string, body: Record<string, unknown>): EventCase {
  const topic = 'projects/weft-demo/topics/orders';
  const inside = { '@type': 'type.googleapis.com/google.pubsub.v1.PubsubMessage', ...body };
  return {
    event: {
      id,
      source: `//pubsub.googleapis.com/${topic}`,
      type: 'google.cloud.pubsub.topic.v1.messagePublished',
      time,
      data: { message: { ...inside, messageId: id, publishTime: time } },
    },
    legacy: {
      context: {
        eventId: id,
        timestamp: time,
        eventType: 'google.pubsub.topic.publish',
        resource: { service: 'pubsub.googleapis.com', name: topic, type: inside['@type'] },
      },
      data: inside,
    },
  };
}

const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');

const STORED = {
  bucket: 'weft-demo-uploads',
  contentType: 'image/png',
  crc32c: 'rTVTeQ==',
  etag: 'CNHZkbuF/ugCEAE=',
  generation: '1587627537231057',
  id: 'weft-demo-uploads/pictures/loom #3.png/1587627537231057',
  kind: 'storage#object',
  md5Hash: 'kF8MuJ5+CTJxvyhHS1xzRg==',
  metageneration: '1',
  name: 'pictures/loom #3.png',
  size: '352',
  storageClass: 'MULTI_REGIONAL',
  timeCreated: '2026-04-23T07:38:57.230Z',
  updated: '2026-04-23T07:38:57.230Z',
};

export const EVENTS: Readonly<Record<string, EventCase>> = {
  'firebase-auth': {
    event: {
      id: 'aaaaaa-1111-bbbb-2222-cccccccccccc',
      source: '//firebaseauth.googleapis.com/projects/weft-demo',
      type: 'google.firebase.auth.user.v1.created',
      subject: 'users/UUpby3s4spZre6kHsgVSPetzQ8l2',
      time: '2026-05-27T11:18:04Z',
      data: {
        email: 'ada@example.com',
        metadata: { createTime: '2026-05-26T10:42:27Z', lastSignInTime: '2026-05-27T11:18:04Z' },
        providerData: [{ email: 'ada@example.com', providerId: 'password', uid: 'ada@example.com' }],
        uid: 'UUpby3s4spZre6kHsgVSPetzQ8l2',
      },
    },
    legacy: {
      data: {
        email: 'ada@example.com',
        metadata: { createdAt: '2026-05-26T10:42:27Z', lastSignedInAt: '2026-05-27T11:18:04Z' },
        providerData: [{ email: 'ada@example.com', providerId: 'password', uid: 'ada@example.com' }],
        uid: 'UUpby3s4spZre6kHsgVSPetzQ8l2',
      },
      eventId: 'aaaaaa-1111-bbbb-2222-cccccccccccc',
      eventType: 'providers/firebase.auth/eventTypes/user.create',
      notSupported: {},
      resource: 'projects/weft-demo',
      timestamp: '2026-05-27T11:18:04Z',
    },
  },
  'firebase-db1': database('db1', WRITTEN, { ...IN_AMERICA, path: 'looms/one' }, { data: null, delta: { warp: 'linen' } }),
  'firebase-db2': database('db-2', CREATED, { ...IN_AMERICA, path: 'looms/two' }, { data: null, delta: 12.5 }),
  'firebase-db3': database(
    'db--3',
    UPDATED,
    { ...IN_AMERICA, path: 'looms/three' },
    { data: { a: 1 }, delta: { a: null, b: [1, 'two', false] } },
  ),
  'firebase-db4': database('db---4', WRITTEN, { ...IN_AMERICA, path: 'looms/four/weft' }, { data: 'before', delta: 'after' }),
  'firebase-db5': database('db----5', CREATED, { ...IN_AMERICA, path: 'looms/five' }, { data: null, delta: true }),
  'firebase-db6': database('db-----6', WRITTEN, { ...IN_EUROPE, path: 'looms/six' }, { data: {}, delta: { ключ: 'ткань 🧵' } }),
  'firebase-db7': database('db------7', UPDATED, { ...IN_EUROPE, path: 'looms/seven' }, { data: [1, 2, 3], delta: { 1: 5 } }),
  'firebase-db8': database(
    'db-------8',
    WRITTEN,
    { ...IN_ASIA, path: 'looms' },
    { data: null, delta: { deep: { deeper: { deepest: [] } } } },
  ),
  'firebase-dbdelete1': database('deleted-1', DELETED, { ...IN_AMERICA, path: 'looms/one' }, { data: { warp: 'linen' }, delta: null }),
  'firebase-dbdelete2': database('deleted--2', DELETED, { ...IN_EUROPE, path: 'looms/six/b' }, { data: 10, delta: null }),
  firestore_complex: firestore('7b8f1804-d38b-4b68-b37d-e2fb5d12d5a0-0', 'looms/complex', {
    oldValue: {},
    updateMask: {},
    value: document('looms/complex', {
      arrayValue: { arrayValue: { values: [{ integerValue: '1' }, { integerValue: '2' }] } },
      booleanValue: { booleanValue: true },
      bytesValue: { bytesValue: base64(Buffer.from([0, 255, 128])) },
      doubleValue: { doubleValue: 5.5e-9 },
      geoPointValue: { geoPointValue: { latitude: 51.4543, longitude: -0.9781 } },
      integerValue: { integerValue: '9223372036854775807' },
      mapValue: { mapValue: { fields: { inner: { mapValue: { fields: { field1: { stringValue: 'x' }, field2: { arrayValue: {} } } } } } } },
      nanValue: { doubleValue: 'NaN' },
      nullValue: { nullValue: null },
      referenceValue: { referenceValue: 'projects/weft-demo/databases/(default)/documents/looms/simple' },
      stringValue: { stringValue: 'a "text" \\ of\nlines ☃' },
      timestampValue: { timestampValue: '2026-04-23T14:23:53.241Z' },
    }),
  }),
  firestore_simple: firestore('4e8c3a12-simple', 'looms/simple', {
    oldValue: document('looms/simple', { another: { stringValue: 'asd' }, count: { integerValue: '3' } }),
    updateMask: { fieldPaths: ['count'] },
    value: document('looms/simple', { another: { stringValue: 'asd' }, count: { integerValue: '4' } }),
  }),
  legacy_pubsub: {
    event: {
      id: '1215011316659232',
      source: '//pubsub.googleapis.com/projects/weft-demo/topics/orders',
      type: 'google.cloud.pubsub.topic.v1.messagePublished',
      time: '2026-05-18T12:13:19Z',
      data: {
        message: {
          '@type': 'type.googleapis.com/google.pubsub.v1.PubsubMessage',
          attributes: { attribute1: 'value1' },
          data: base64('{"order":7}'),
          messageId: '1215011316659232',
          publishTime: '2026-05-18T12:13:19Z',
        },
      },
    },
    legacy: {
      eventId: '1215011316659232',
      timestamp: '2026-05-18T12:13:19Z',
      eventType: 'providers/cloud.pubsub/eventTypes/topic.publish',
      resource: 'projects/weft-demo/topics/orders',
      data: {
        '@type': 'type.googleapis.com/google.pubsub.v1.PubsubMessage',
        attributes: { attribute1: 'value1' },
        data: base64('{"order":7}'),
      },
    },
  },
  pubsub_binary: message('1144231683168617', '2026-05-06T07:33:34.556Z', { data: base64(Buffer.from([1, 2, 3, 4])) }),
  pubsub_text: message('1144231683168618', '2026-05-06T07:33:34.5561234Z', {
    attributes: { kind: 'greeting', ключ: 'значение' },
    data: base64('test message 3'),
  }),
  storage: {
    event: {
      id: '1147091835525187',
      source: '//storage.googleapis.com/projects/_/buckets/weft-demo-uploads',
      type: 'google.cloud.storage.object.v1.finalized',
      subject: 'objects/pictures/loom #3.png',
      time: '2026-04-23T07:38:57.772Z',
      data: STORED,
    },
    legacy: {
      context: {
        eventId: '1147091835525187',
        timestamp: '2026-04-23T07:38:57.772Z',
        eventType: 'google.storage.object.finalize',
        resource: {
          service: 'storage.googleapis.com',
          name: 'projects/_/buckets/weft-demo-uploads/objects/pictures/loom #3.png#1587627537231057',
          type: 'storage#object',
        },
      },
      data: STORED,
    },
  },
};

/** What a notification of Cloud Storage is when it comes through Pub/Sub, and the event that it is about. */
export function notification(
  kind: string,
  type: string,
): { readonly wrapped: Event; readonly unwrapped: Event & { readonly dataschema: string } } {
  const common = { id: '9988776655', time: '2026-06-01T00:00:00.5Z' };
  return {
    wrapped: {
      ...common,
      source: '//pubsub.googleapis.com/projects/weft-demo/topics/uploads',
      type: 'google.cloud.pubsub.topic.v1.messagePublished',
      data: {
        subscription: 'projects/weft-demo/subscriptions/uploads',
        message: {
          attributes: {
            notificationConfig: 'projects/_/buckets/weft-demo-uploads/notificationConfigs/3',
            eventType: kind,
            payloadFormat: 'JSON_API_V1',
            bucketId: 'weft-demo-uploads',
            objectId: 'pictures/loom #3.png',
            objectGeneration: '1587627537231057',
          },
          data: base64(JSON.stringify(STORED)),
          messageId: common.id,
          publishTime: common.time,
        },
      },
    },
    unwrapped: {
      ...common,
      source: '//storage.googleapis.com/projects/_/buckets/weft-demo-uploads',
      type,
      subject: 'objects/pictures/loom #3.png',
      dataschema: 'google.events.cloud.storage.v1.StorageObjectData',
      data: STORED,
    },
  };
}
