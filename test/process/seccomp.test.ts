/** The filter of system calls, asked by a program that makes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seccompFilter } from '../../src/drivers/process/seccomp.ts';
import { cannotRun, processFunction, Workbench } from './harness.ts';

const EPERM = 1;
const EXPECTED: Readonly<Record<string, number>> = {
  AF_VSOCK: 97,
  AF_PACKET: 97,
  clone3: 38,
  AF_UNIX: 0,
  AF_INET: 0,
  fork: 0,
  /** SIGSYS: a call of another architecture ends the process. */
  i386: 31,
};

test('system calls that lead out of a sandbox are refused', { skip: cannotRun() }, async () => {
  await using bench = await Workbench.open();
  const engine = await bench.engine();
  try {
    const outcome = await engine.deploy({ calls: processFunction({ program: await bench.build('syscalls') }) });
    assert.equal(outcome?.type, 'deployed', JSON.stringify(outcome));
    const { status, body } = await engine.call('calls');
    assert.equal(status, 200, body);
    const told = body.trim().split('\n');
    assert.ok(told.length > 30, body);
    const asked = new Set<string>();
    for (const line of told) {
      const [name = '', error] = line.split(' ');
      // The second time it only asks what it is.
      const again = name === 'personality' && asked.has(name);
      asked.add(name);
      assert.equal(Number(error), again ? 0 : (EXPECTED[name] ?? EPERM), name);
    }
  } finally {
    await engine.close();
  }
});

for (const [machine, audit] of [
  ['x64', 0xc000_003e],
  ['arm64', 0xc000_00b7],
] as const) {
  test(`a filter for ${machine} begins with that architecture, and each of its jumps ends inside`, () => {
    const bytes = Buffer.from(seccompFilter(machine));
    assert.equal(bytes.length % 8, 0);
    assert.equal(bytes.readUInt32LE(4), 4, 'the architecture is loaded first');
    assert.equal(bytes.readUInt32LE(12), audit);
    const count = bytes.length / 8;
    for (let at = 0; at < count; at++) {
      const code = bytes.readUInt16LE(at * 8);
      if ((code & 0x07) === 0x05) for (const jump of [bytes[at * 8 + 2] ?? 0, bytes[at * 8 + 3] ?? 0]) assert.ok(at + 1 + jump < count);
    }
    assert.equal(bytes.readUInt16LE((count - 1) * 8), 0x06, 'it ends with an answer');
  });
}
