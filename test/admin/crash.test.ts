import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from '../../src/registry/registry.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { dataFolder, says, TestPlatform } from './harness.ts';

const LETTERS = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'];
const ROUNDS = 5;
/** A life ends after so many changes at most, somewhere within the next. */
const MAX_CHANGES = 8;
const MAX_MORE_MS = 15;
/** What an app holds; "-" when it is not there. */
type Holding = Map<string, string>;

/** Lets it make some changes, then kills it in the middle of one; gives what it said. */
async function deployAndKill(dataDir: string, modules: string, round: number): Promise<string[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'deployer.ts'), dataDir, modules, String(round * 5)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  const changes = 1 + Math.floor(Math.random() * MAX_CHANGES);
  const lines = createInterface({ input: child.stdout });
  const enough = new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      said.push(line);
      if (said.filter((each) => !each.startsWith('?')).length === changes) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the platform ended by itself with ${code}`)));
  });
  const read = once(lines, 'close');
  await enough;
  await sleep(Math.random() * MAX_MORE_MS);
  child.kill('SIGKILL');
  await read;
  return said;
}

/** Follows what was said: acknowledged is certain; what was begun last may be there or not. */
function follow(said: readonly string[], before: Holding): { certain: Holding; begun: readonly [string, string] | undefined } {
  const certain = new Map(before);
  let begun: readonly [string, string] | undefined;
  for (const line of said) {
    const words = line.split(' ');
    const [app = '', letter = ''] = words.slice(-2);
    if (words[0] === '?') begun = [app, letter];
    else {
      certain.set(app, letter);
      begun = undefined;
    }
  }
  return { certain, begun };
}

async function heldBy(dataDir: string): Promise<Holding> {
  using registry = await Registry.open(dataDir);
  assert.deepEqual(registry.damaged, []);
  const letters = new Map(LETTERS.map((letter) => [digestOf(says(letter)), letter]));
  const held: Holding = new Map();
  for (const [app, { functions }] of registry.apps) {
    const digest = functions[0]?.wasm ?? '';
    assert.equal(digestOf(await registry.readArtifact(digest)), digest);
    held.set(app, letters.get(digest) ?? '?');
  }
  return held;
}

test('whenever a platform is killed, what it acknowledged is there and nothing is half done', async (t) => {
  await using folder = await dataFolder();
  await using modules = await dataFolder();
  for (const letter of LETTERS) await writeFile(join(modules.path, `${letter}.wasm`), says(letter));
  let held: Holding = new Map();
  let acknowledged = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const said = await deployAndKill(folder.path, modules.path, round);
    const { certain, begun } = follow(said, held);
    acknowledged += said.filter((line) => !line.startsWith('?')).length;
    held = await heldBy(folder.path);
    for (const app of ['app-0', 'app-1', 'app-2']) {
      const letter = held.get(app) ?? '-';
      const may = new Set([certain.get(app) ?? '-', ...(begun?.[0] === app ? [begun[1]] : [])]);
      assert.ok(
        may.has(letter),
        `round ${round}: ${app} holds ${letter}, not one of ${[...may].join()}; said: ${said.slice(-5).join(', ')}`,
      );
    }
  }
  t.diagnostic(`${acknowledged} changes acknowledged in ${ROUNDS} lives`);
  assert.ok(acknowledged > 0);
  await using platform = await TestPlatform.start({ dataDir: folder.path });
  for (const [app, letter] of held) assert.deepEqual(await platform.invoke(app), { status: 200, body: letter });
});
