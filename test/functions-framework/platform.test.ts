/** Functions of Google's functions-framework as processes of the platform: built from a manifest's sources, in a sandbox, asked by the engine. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ProcessIsolation } from '../../src/model/app.ts';
import type { Builder } from '../../src/toolchain/index.ts';
import { TestEngine } from '../engine/harness.ts';
import { createDrivers } from '../../src/drivers/index.ts';
import { WIRES } from '../../src/contracts/wires.ts';
import { cannotRun, processFunction } from '../process/harness.ts';
import { autoBuilder, CACHE, Folder, fn, sources } from '../toolchain/workshop.ts';
import { EVENTS } from './events.ts';
import { ask, type Hosted, type Program } from './hosted.ts';
import { binary, legacy, microsOf, structured } from './recorded.ts';

const skip = cannotRun();

/** A folder that the function may write to, and where it starts. */
class Place implements Disposable {
  readonly #folder = new Folder();
  readonly written: string;

  constructor() {
    mkdirSync(join(this.#folder.path, 'work'));
    this.written = join(this.#folder.path, 'work');
    chmodSync(this.written, 0o777);
  }

  async host(builder: Builder, { source, entry }: Program, isolation: Partial<ProcessIsolation> = {}): Promise<Hosted> {
    const build = sources([join(import.meta.dirname, 'sources', source)], entry === undefined ? {} : { entry });
    const { executable } = await builder.buildNative(fn(build, 'functions-framework'));
    const program = this.#folder.write('function', executable);
    chmodSync(program, 0o555);
    const engine = await TestEngine.start({ drivers: createDrivers(async () => WIRES, { cacheDir: CACHE }) });
    const mounts = [{ from: this.written, to: '/work', writable: true }];
    const outcome = await engine.deploy({
      fn: processFunction({ program, spec: { contract: 'functions-framework' }, isolation: { mounts, workDir: '/work', ...isolation } }),
    });
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
    return {
      send: (request) => ask(engine, request),
      printed: () => Promise.resolve(engine.takeLogs().map(({ text }) => text)),
      close: () => engine.close(),
    };
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

describe('in a process of the platform', { skip }, () => {
  let builder: Builder;
  before(async () => {
    builder = await autoBuilder();
  });
  after(() => builder.close());

  /** Takes the file away: the next one is another. */
  const output = (place: Place): unknown => {
    const path = join(place.written, 'function_output.json');
    const text = readFileSync(path, 'utf8');
    rmSync(path);
    return JSON.parse(text);
  };

  test('the HTTP function of the conformance suite writes into its working directory', async () => {
    using place = new Place();
    const hosted = await place.host(builder, { source: 'conformance-http.cpp', entry: 'HttpConformance' });
    try {
      const { status } = await hosted.send({ headers: [['Content-Type', 'application/json']], body: '{"res":"PASS"}' });
      assert.equal(status, 200);
      assert.deepEqual(output(place), { res: 'PASS' });
    } finally {
      await hosted.close();
    }
  });

  test('the CloudEvent function of the conformance suite does so for every event, in every form', async () => {
    using place = new Place();
    const hosted = await place.host(builder, { source: 'conformance-event.cpp', entry: 'EventConformance' });
    try {
      for (const [name, { event, legacy: before }] of Object.entries(EVENTS)) {
        const forms = {
          binary: binary(event),
          structured: structured({ datacontenttype: 'application/json', ...event }),
          legacy: legacy(before),
        };
        for (const [form, request] of Object.entries(forms)) {
          const { status, body } = await hosted.send(request);
          assert.deepEqual([status, body], [200, ''], `${name}, ${form}`);
          const { time, ...written } = output(place) as { time: string };
          const { time: sent, ...expected } = event;
          assert.deepEqual(written, { ...expected, specversion: '1.0', datacontenttype: 'application/json' }, `${name}, ${form}`);
          assert.equal(microsOf(time), microsOf(sent), `${name}, ${form}`);
        }
      }
    } finally {
      await hosted.close();
    }
  });

  test('sees what a context would; fails by itself, and the next request is answered', async () => {
    using place = new Place();
    const hosted = await place.host(builder, { source: 'mirror.cpp', entry: 'Mirror' });
    try {
      const { body } = await hosted.send({ method: 'PUT', target: '/a/b?c=d', headers: [['X-Name', 'value']], body: 'the body' });
      assert.match(body, /^PUT \/a\/b\?c=d 1\.1\n[^]*X-Name=value\n[^]*\nthe body$/);
      const thrown = await hosted.send({ target: '/throw-int' });
      assert.deepEqual(
        [thrown.status, thrown.body],
        [500, '{"message":"unknown C++ exception thrown by the function","severity":"error"}'],
      );
      for (const target of ['/exit', '/trap']) assert.equal((await hosted.send({ target })).status, 502, target);
      assert.equal((await hosted.send({ target: '/after' })).status, 200);
    } finally {
      await hosted.close();
    }
  });

  test('answers requests that come together, together', async () => {
    using place = new Place();
    const hosted = await place.host(builder, { source: 'mirror.cpp', entry: 'Mirror' });
    try {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => hosted.send({ target: '/echo', body: `body ${at}` })));
      assert.deepEqual(
        answers.map(({ body }) => body),
        answers.map((_, at) => `body ${at}`),
      );
    } finally {
      await hosted.close();
    }
  });
});
