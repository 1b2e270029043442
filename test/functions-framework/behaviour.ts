/** What a function can count on wherever it runs; each isolation has a test file that calls this. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Hosted, Program, Request } from './hosted.ts';

export type Host = (program: Program) => Promise<Hosted>;

interface Style {
  readonly program: Program;
  readonly body?: string;
  readonly says: string;
}

/** All ways to write a function, and what each answers. */
const HTTP_STYLES: Readonly<Record<string, Style>> = {
  'a factory in nested namespaces': {
    program: { source: 'styles/factory.cpp', entry: 'deep::inside::namespaces::Factory' },
    says: 'factory /',
  },
  'a name that begins with ::': {
    program: { source: 'styles/factory.cpp', entry: '::deep::inside::namespaces::Factory' },
    says: 'factory /',
  },
  'a plain HTTP function': { program: { source: 'styles/http.cpp', entry: 'HelloWorld' }, body: 'x', says: 'http x' },
  'a plain HTTP function that takes a reference': {
    program: { source: 'styles/http-reference.cpp', entry: 'hello::World' },
    body: 'x',
    says: 'reference x',
  },
  'several functions, the one that --target names': {
    program: { source: 'styles/map.cpp', entry: 'Several', args: ['--target=two'] },
    says: 'the second',
  },
  'a program with its own main': { program: { source: 'styles/program.cpp' }, body: 'x', says: 'program x' },
  'a program with its own main, and options': {
    program: { source: 'styles/program.cpp', args: ['--signature-type', 'http'] },
    body: 'x',
    says: 'program --signature-type http x',
  },
};

const EVENT_STYLES: Readonly<Record<string, Style>> = {
  'a plain CloudEvent function': { program: { source: 'styles/event.cpp', entry: 'HelloEvent' }, says: 'event 7 {"a":1}' },
  'a plain CloudEvent function that takes a reference': {
    program: { source: 'styles/event-reference.cpp', entry: 'HelloEvent' },
    says: 'reference 7 {"a":1}',
  },
  'a program that gives Run() the function itself': { program: { source: 'styles/deprecated.cpp' }, says: 'deprecated 7' },
};

const EVENT: Request = {
  headers: [
    ['ce-id', '7'],
    ['ce-source', '//test'],
    ['ce-type', 'com.example.test'],
    ['Content-Type', 'application/json'],
    ['Content-Length', '7'],
  ],
  body: '{"a":1}',
};

const exception = (what: string): string =>
  JSON.stringify({ message: `standard C++ exception thrown by the function: ${what}`, severity: 'error' });

export function behaves(host: Host): void {
  describe('every way to write a function', () => {
    for (const [name, { program, body = '', says }] of Object.entries(HTTP_STYLES)) {
      test(name, () =>
        hosting(host, program, async (hosted) => {
          for (const _round of [1, 2]) {
            const answer = await hosted.send({ body });
            assert.equal(answer.status, 200, answer.body);
            assert.equal(answer.body, says);
          }
        }),
      );
    }
    for (const [name, { program, says }] of Object.entries(EVENT_STYLES)) {
      test(name, () =>
        hosting(host, program, async (hosted) => {
          const answer = await hosted.send(EVENT);
          assert.deepEqual([answer.status, answer.body], [200, '']);
          assert.deepEqual(await hosted.printed(), [says]);
        }),
      );
    }

    const REFUSED: Readonly<Record<string, readonly [Program, RegExp]>> = {
      'no such target': [{ source: 'styles/http.cpp', entry: 'GoodbyeWorld' }, /there is no function GoodbyeWorld/],
      'a target in the wrong namespace': [{ source: 'styles/http-reference.cpp', entry: 'World' }, /there is no function World/],
      'an unknown --target': [
        { source: 'styles/map.cpp', entry: 'Several', args: ['--target=three'] },
        /Standard C\+\+ exception thrown Function not found three/,
      ],
      'an unknown option': [{ source: 'styles/program.cpp', args: ['--frobnicate'] }, /Standard C\+\+ exception thrown .*--frobnicate/],
      'a port that is none': [{ source: 'styles/program.cpp', args: ['--port', '65536'] }, /Standard C\+\+ exception thrown .*65536/],
      'a PORT that is none': [{ source: 'styles/program.cpp', env: { PORT: 'http' } }, /Standard C\+\+ exception thrown .*http/],
      'only help': [{ source: 'styles/program.cpp', args: ['--help'] }, /--signature-type/],
    };
    for (const [name, [program, reason]] of Object.entries(REFUSED)) {
      test(`does not start: ${name}`, () =>
        assert.rejects(
          hosting(host, program, async () => {}),
          reason,
        ));
    }
  });

  describe('an HTTP function', () => {
    let hosted: Hosted | undefined;
    const send = (request: Request) => hosted?.send(request) ?? Promise.reject(new Error('it does not run'));
    before(async () => {
      hosted = await host({ source: 'mirror.cpp', entry: 'Mirror' });
    });
    after(() => hosted?.close());

    test('sees method, target, headers as they were spelt, and body', async () => {
      const { status, body } = await send({
        method: 'PUT',
        target: '/some/path%20here?a=b&c=%2F',
        headers: [
          ['X-MiXed', 'One'],
          ['x-mixed', 'two'],
          ['X-MiXed', 'three'],
        ],
        body: 'the body',
      });
      const [head = '', ...rest] = body.split('\n\n');
      const [first, ...lines] = head.split('\n');
      assert.equal(status, 200);
      assert.equal(first, 'PUT /some/path%20here?a=b&c=%2F 1.1');
      assert.deepEqual(
        lines.filter((line) => /mixed/i.test(line)),
        ['X-MiXed=One', 'X-MiXed=three', 'x-mixed=two'],
      );
      assert.ok(lines.some((line) => line.startsWith('Host=')));
      assert.deepEqual(rest, ['the body']);
    });

    test('gets and gives any bytes', async () => {
      const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * 7) % 256));
      const answer = await send({ target: '/echo', body: bytes });
      assert.equal(answer.headers.get('content-type'), 'application/octet-stream');
      assert.ok(bytes.equals(answer.bytes));
    });

    test('has no content type unless it sets one', async () => {
      assert.equal((await send({ target: '/shared' })).headers.get('content-type'), undefined);
    });

    test('answers with what any copy of its response was given, the last of a header whatever its case', async () => {
      const { status, headers, body } = await send({ target: '/shared' });
      assert.deepEqual([status, headers.get('x-name'), body], [202, 'new', 'set in the copy']);
    });

    test('cannot set what frames the answer', async () => {
      const { status, body } = await send({ target: '/framing' });
      assert.deepEqual([status, body], [200, 'three']);
    });

    for (const status of [201, 404, 418, 503]) {
      test(`answers with status ${status}`, async () => {
        assert.equal((await send({ target: '/status', body: String(status) })).status, status);
      });
    }

    test('a response that would be none of HTTP is a failure', async () => {
      const status = await send({ target: '/status', body: '42' });
      assert.deepEqual([status.status, status.body], [500, exception('the status 42 is not one of 200..599')]);
      const header = await send({ target: '/illegal' });
      assert.deepEqual([header.status, header.body], [500, exception('the header "X-Name" is malformed')]);
    });

    test('a std::exception is answered as JSON, and printed', async () => {
      await hosted?.printed();
      const { status, headers, body } = await send({ target: '/throw' });
      assert.equal(status, 500);
      assert.equal(headers.get('content-type'), 'application/json');
      assert.equal(body, exception('a "quoted"\nreason \ufffd \u0001'));
      assert.deepEqual(await hosted?.printed(), [body]);
    });

    test('anything else that is thrown, too', async () => {
      const { status, body } = await send({ target: '/throw-int' });
      assert.equal(status, 500);
      assert.equal(body, '{"message":"unknown C++ exception thrown by the function","severity":"error"}');
    });

    test('a response of another make is a failure', async () => {
      const { status, body } = await send({ target: '/foreign' });
      assert.equal(status, 500);
      assert.match(body, /^\{"message":"standard C\+\+ exception thrown by the function: .*bad_cast","severity":"error"\}$/);
    });

    test('is not asked for the icons and rules of browsers, unless there is a query', async () => {
      for (const target of ['/favicon.ico', '/robots.txt']) {
        const { status, body } = await send({ target, method: 'GET' });
        assert.deepEqual([status, body], [404, '']);
      }
      assert.match((await send({ target: '/favicon.ico?x' })).body, /^POST \/favicon\.ico\?x 1\.1\n/);
      assert.match((await send({ target: '/sub/favicon.ico' })).body, /^POST \/sub\/favicon\.ico 1\.1\n/);
    });

    test('what it printed is there when its answer is', async () => {
      await hosted?.printed();
      await send({ target: '/print' });
      assert.deepEqual((await hosted?.printed())?.toSorted(), ['to cerr', 'to clog', 'to cout']);
    });
  });

  describe('a CloudEvent function', () => {
    let hosted: Hosted | undefined;
    const send = (request: Request) => hosted?.send(request) ?? Promise.reject(new Error('it does not run'));
    before(async () => {
      hosted = await host({ source: 'recorder.cpp', entry: 'Recorder' });
    });
    after(() => hosted?.close());

    test('what is no event is a failure of the function, and says why', async () => {
      const { status, body } = await send({ headers: [['Content-Type', 'text/plain']], body: 'x' });
      assert.equal(status, 500);
      assert.equal(body, exception('missing header: ce-id'));
    });

    test('what it throws is answered as JSON', async () => {
      const { status, body } = await send({
        headers: [['Content-Type', 'application/cloudevents+json']],
        body: '{"id":"throw","source":"s","type":"t"}',
      });
      assert.deepEqual([status, body], [500, exception('the event says so')]);
    });

    test('is not asked for icons either', async () => {
      assert.equal((await send({ target: '/favicon.ico', method: 'GET' })).status, 404);
    });
  });
}

async function hosting(host: Host, program: Program, use: (hosted: Hosted) => Promise<void>): Promise<void> {
  const hosted = await host(program);
  try {
    await use(hosted);
  } finally {
    await hosted.close();
  }
}
