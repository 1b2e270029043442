/** What contract nightcore tells a driver that has its library in a worker process. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { nightcoreWire } from '../../src/contracts/nightcore.ts';
import { Failure, type Input, TOO_LARGE } from '../../src/engine/contract.ts';
import type { FunctionSettings, NightcoreOptions } from '../../src/model/app.ts';
import { DEFAULT_LIMITS } from '../../src/model/limits.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

function spec(nightcore: Partial<NightcoreOptions> = {}): FunctionSettings {
  return {
    name: 'Foo',
    contract: 'nightcore',
    isolation: { kind: 'context' },
    rollback: 'never',
    limits: DEFAULT_LIMITS,
    env: {},
    secrets: {},
    args: [],
    origins: [],
    idleMs: 0,
    warm: 0,
    nightcore: { allowHttpGet: false, qsAsInput: false, ...nightcore },
  };
}

const input = (given: Partial<Input> = {}): Input => ({
  head: bytes('POST / HTTP/1.1\r\n'),
  body: bytes('body'),
  method: 'POST',
  path: '',
  query: '',
  ...given,
});

suite('the wire of contract nightcore', () => {
  test('POST of the function itself, and GET where it is allowed; all else is not there', () => {
    assert.equal(nightcoreWire.admit?.(spec(), input()), undefined);
    assert.equal(nightcoreWire.admit?.(spec(), input({ method: 'GET' }))?.status, 404);
    assert.equal(nightcoreWire.admit?.(spec({ allowHttpGet: true }), input({ method: 'GET' })), undefined);
    assert.equal(nightcoreWire.admit?.(spec(), input({ method: 'PUT' }))?.status, 404);
    assert.equal(nightcoreWire.admit?.(spec(), input({ path: '/' }))?.status, 404);
  });

  test('the input is the body, or the query of a request as JSON where that is asked for', () => {
    const sent = (given: FunctionSettings, request: Input): string => Buffer.from(nightcoreWire.input(given, request)).toString();
    const query = 'a=1&b=x+y%21&=none&bad=%zz&c';
    assert.equal(sent(spec(), input({ query })), 'body');
    assert.equal(sent(spec({ qsAsInput: true }), input({ query })), '{"a":"1","b":"x y!"}');
    assert.equal(sent(spec({ qsAsInput: true }), input({ query, head: bytes('') })), 'body');
  });

  test('0 answers the output as text/plain; any other result is an empty 500', () => {
    assert.deepEqual(nightcoreWire.answer(spec(), 0, bytes('out')), {
      status: 200,
      head: new Uint8Array(bytes('Content-Type: text/plain\r\n')),
      body: bytes('out'),
    });
    const failure = nightcoreWire.answer(spec(), -1, bytes(''));
    assert.ok(failure instanceof Failure);
    assert.equal(failure.reason, 'faas_func_call returned -1');
    assert.deepEqual([failure.answer?.status, failure.answer?.body.length], [500, 0]);
  });

  test('what weft-host says of an output that it could not hold', () => {
    assert.equal(nightcoreWire.answer(spec(), -2147483648, bytes('')), TOO_LARGE);
    const failure = nightcoreWire.answer(spec(), -2147483647, bytes(''));
    assert.ok(failure instanceof Failure);
    assert.equal(failure.reason, 'there was no memory for its output');
  });
});
