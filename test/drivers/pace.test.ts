/** How a source is read that has to wait for more than one thing. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { suite, test } from 'node:test';
import { Pace } from '../../src/drivers/pace.ts';

const REST_MS = 20;

/** A stream that is being read, and how. */
function paced(): { stream: PassThrough; pace: Pace } {
  const stream = new PassThrough().resume();
  return { stream, pace: new Pace(stream) };
}

/** All rests of that length that began before are over. */
function rested(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 2 * REST_MS));
}

suite('a source', () => {
  test('that rests goes on by itself, but not while a client is slow', async () => {
    const { stream, pace } = paced();
    pace.rest(REST_MS);
    assert.equal(stream.isPaused(), true);
    await rested();
    assert.equal(stream.isPaused(), false);
    pace.pause();
    pace.rest(REST_MS);
    await rested();
    assert.equal(stream.isPaused(), true);
    pace.resume();
    assert.equal(stream.isPaused(), false);
  });

  test('that a client has caught up with rests to the end', async () => {
    const { stream, pace } = paced();
    pace.rest(REST_MS);
    pace.pause();
    pace.resume();
    assert.equal(stream.isPaused(), true);
    await rested();
    assert.equal(stream.isPaused(), false);
  });

  test('that has another reader now waits for what that one waits for, and for nothing else', async () => {
    const { stream, pace } = paced();
    pace.rest(REST_MS);
    pace.pause();
    pace.end();
    assert.equal(stream.isPaused(), false);
    const next = new Pace(stream);
    next.pause();
    pace.resume();
    await rested();
    assert.equal(stream.isPaused(), true);
  });
});
