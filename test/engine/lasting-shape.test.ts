/** Objects that each request has one of keep their layout, however few there were when garbage was collected. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const SRC = join(import.meta.dirname, '../../src');

/** Makes six, has them collected, and says whether those made then have their fields at known places. */
const PROGRAM = `
const { Chain } = await import('${SRC}/engine/chain.ts');
const { HttpExchange } = await import('${SRC}/gateway/ingress/exchange.ts');
const { Connection } = await import('${SRC}/gateway/ingress/connection.ts');
const { Context } = await import('${SRC}/engine/context.ts');
const { Socket } = await import('node:net');
const { HttpSink } = await import('${SRC}/engine/http-sink.ts');
const none = new Uint8Array(0);
const empty = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
const memory = new WebAssembly.Memory({ initial: 1 });
const makers = [
  () => new Chain({ depth: 1, startedAt: 0.5, deadlineAt: 0.5 }, { head: none, body: none, method: '', path: '', query: '' }),
  () => new HttpExchange({}, { head: { keepAlive: true }, route: null, bytes: none, at: 0 }, none),
  () => new HttpSink({}),
  () => new Connection({ now: () => 0, left() {} }, new Socket()),
  () => new Context({ table: { set() {} } }, { module: empty, globalNames: [], base: 0 }, memory, {}, 0),
];
for (const make of makers) for (let i = 0; i < 6; i++) make();
for (let i = 0; i < 12; i++) {
  globalThis.gc();
  await new Promise((resolve) => setImmediate(resolve));
}
console.log(makers.map((make) => { make(); return %HasFastProperties(make()); }).join(' '));
`;

test('a request after a collection of garbage is as fast as before', () => {
  const flags = ['--expose-gc', '--allow-natives-syntax', '--input-type=module', '-e', PROGRAM];
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
  assert.equal(stdout, 'true true true true true\n', stderr);
});
