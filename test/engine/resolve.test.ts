/** Names of functions: looked up by a switch or by the host, they lead to the same. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { guest } from './guests.ts';
import { TestEngine } from './harness.ts';

/** Input: a pointer, a length, and a name that is put at 32,768. Answers with the id of what lies at the pointer. */
const ASKER = guest({
  imports: '(import "weft" "resolve" (func $resolve (param i32 i32) (result i32)))',
  pages: 1,
  enter: `
    (memory.copy $memory $memory (i32.const 32768) (i32.add (call $in) (i32.const 8)) (i32.sub (call $length) (i32.const 8)))
    (i32.store $memory (i32.const 40000)
      (call $resolve (i32.load $memory (call $in)) (i32.load $memory offset=4 (call $in))))
    (call $answer (i32.const 40000) (i32.const 4)) (i32.const 0)`,
});

const NAME_AT = 32_768;
const PAGE = 65_536;
const NAMES = ['bar', 'barn', 'barnacle', 'b', 'a-much-longer-name-than-those', 'asker', 'apart'];

function ask(engine: TestEngine, fn: string, at: number, length: number, name: string): Promise<string> {
  const input = Buffer.alloc(8 + name.length);
  input.writeUInt32LE(at >>> 0, 0);
  input.writeUInt32LE(length >>> 0, 4);
  input.write(name, 8, 'latin1');
  return engine.call(fn, input).then(({ status, bytes, body }) => (status === 200 ? String(Buffer.from(bytes).readInt32LE()) : body));
}

describe('a name that a function asks for', () => {
  let merged: TestEngine;
  let apart: TestEngine;
  before(async () => {
    const functions = Object.fromEntries(NAMES.map((name) => [name, { wasm: ASKER }]));
    merged = await TestEngine.start();
    apart = await TestEngine.start();
    await merged.deploy(functions, [NAMES.filter((name) => name !== 'apart')]);
    await apart.deploy(functions);
  });
  after(async () => {
    await merged.close();
    await apart.close();
  });

  test('is that of one function, merged or not, and of no other', async () => {
    for (const [id, name] of NAMES.entries()) {
      assert.equal(await ask(merged, 'asker', NAME_AT, name.length, name), String(id), name);
      assert.equal(await ask(apart, 'asker', NAME_AT, name.length, name), String(id), name);
    }
  });

  test('gives the same answer both ways, whatever the name and wherever it lies', async () => {
    const known = fc.constantFrom(...NAMES);
    const near = fc
      .tuple(known, fc.nat(40), fc.integer({ min: 0, max: 255 }))
      .map(([name, at, code]) => name.slice(0, at % name.length) + String.fromCharCode(code) + name.slice((at % name.length) + 1));
    const name = fc.oneof(
      known,
      near,
      fc.constant(''),
      fc.string({ maxLength: 40 }).filter((text) => Buffer.from(text).length === text.length),
    );
    const place = fc.oneof({ weight: 5, arbitrary: fc.constant(NAME_AT) }, fc.constantFrom(0, PAGE - 4, PAGE - 3, PAGE - 1, PAGE, -1, -4));
    const length = fc.option(fc.constantFrom(0, 1, 3, 4, 5, 8, PAGE, -1), { nil: undefined, freq: 2 });
    await fc.assert(
      fc.asyncProperty(name, place, length, async (text, at, asked) => {
        const answers = [merged, apart].map((engine) => ask(engine, 'asker', at, asked ?? text.length, text));
        assert.equal(await answers[0], await answers[1]);
      }),
      { numRuns: 300 },
    );
  });
});
