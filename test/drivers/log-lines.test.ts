/** What a program's output costs the thread that logs it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { suite, test } from 'node:test';
import { type LogLines, logStream } from '../../src/drivers/log-lines.ts';

interface Logged {
  readonly lines: string[];
  /** Bytes that were read when lines were dropped. */
  readonly droppedAt: number[];
  readonly log: LogLines;
}

/** All that a shell script writes. */
async function logged(script: string): Promise<Logged> {
  const { stdout } = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines: string[] = [];
  const droppedAt: number[] = [];
  const log = logStream(stdout, 'info', (level, line) => {
    if (level === 'warn') droppedAt.push(stdout instanceof Socket ? stdout.bytesRead : Number.NaN);
    else lines.push(line);
  });
  await once(stdout, 'close');
  return { lines, droppedAt, log };
}

suite('the log of a process', () => {
  test('has its lines, long ones cut, and the last that did not end', async () => {
    const { lines, droppedAt, log } = await logged(
      "printf 'one\\n\\ntwo '; sleep 0.1; printf 'words\\n'; head -c 9000 /dev/zero | tr '\\0' x; printf '\\nend'",
    );
    assert.deepEqual([lines.slice(0, 2), lines[2]?.length, lines.slice(3), droppedAt], [['one', 'two words'], 8192, ['end'], []]);
    assert.deepEqual(log.tail, ['one', 'two words', 'x'.repeat(256), 'end']);
  });

  test('takes a flood in portions, of which it has the beginnings; its last words are known all the same', async () => {
    const { lines, droppedAt, log } = await logged("yes a | head -c 5000000; printf 'last\\nwords\\n'");
    assert.ok(droppedAt.length >= 4, `${droppedAt.length} portions`);
    assert.ok(lines.length >= 1000 && lines.length <= 1000 * (droppedAt.length + 1), `${lines.length} lines of ${droppedAt.length}`);
    for (const [i, at] of droppedAt.entries()) assert.ok(at - (droppedAt[i - 1] ?? 0) < 1_500_000, `${droppedAt.join()}`);
    assert.deepEqual(log.tail, ['a', 'a', 'a', 'last', 'words']);
  });
});
