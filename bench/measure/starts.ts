/** How soon a function answers: after a deploy, after its contexts were freed, and after its source was saved. */
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppBundle } from '../../src/model/app.ts';
import { buildApp, ROOT } from '../lib/app.ts';
import { Client } from '../lib/client.ts';
import { hasSystemClang, start, stop } from '../lib/processes.ts';
import { atMost, type Bench, type Measurement, type Row } from '../lib/row.ts';
import { spread } from '../lib/stats.ts';
import { Weft } from '../servers/weft.ts';

const TIMES = 21;
const SAVES = 11;
const LOOK_EVERY_MS = 2;
const GIVE_UP_AFTER_MS = 20_000;

export const starts: Measurement = {
  name: 'starts',
  title: 'From nothing to an answer',
  async run(bench) {
    const rows = await startsOfContexts(bench);
    rows.push(await saves(bench, 'embedded', 400));
    if (hasSystemClang()) rows.push(await saves(bench, 'system', 200));
    return rows;
  },
};

async function startsOfContexts(bench: Bench): Promise<Row[]> {
  const bundle = await buildApp(join(ROOT, 'examples/echo'));
  const weft = await Weft.start(bundle);
  const client = new Client();
  const url = weft.url('echo');
  try {
    const [warm, fromZero, deployed]: [number[], number[], number[]] = [[], [], []];
    for (let i = 0; i < TIMES; i++) {
      bench.progress(`${i + 1} of ${TIMES}`);
      warm.push(await client.time(url, 'x'));
      await weft.scale('echo', 0);
      fromZero.push(await client.time(url, 'x'));
      const before = performance.now();
      await weft.deploy(changed(bundle, i));
      await client.time(url, 'x');
      deployed.push(performance.now() - before);
    }
    const zero = spread(fromZero);
    return [
      { what: 'an answer over HTTP', subject: 'contexts ready', unit: 'ms', value: spread(warm) },
      { what: 'first answer', subject: 'after scale to zero', unit: 'ms', value: zero, target: atMost(zero.median, 2, '≤ 2 ms') },
      { what: 'deploy and first answer', subject: 'module built already', unit: 'ms', value: spread(deployed) },
    ];
  } finally {
    client.close();
    await weft.close();
  }
}

/** The same code as another version. */
function changed(bundle: AppBundle, i: number): AppBundle {
  const functions = bundle.functions.map((fn) => ({ ...fn, settings: { ...fn.settings, env: { VERSION: String(i) } } }));
  return { ...bundle, functions };
}

/** `weft up` follows the source; it is saved with another answer, until that answer comes. */
async function saves(bench: Bench, toolchain: 'embedded' | 'system', limitMs: number): Promise<Row> {
  const dir = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  const app = join(dir, 'echo');
  cpSync(join(ROOT, 'examples/echo'), app, { recursive: true });
  const save = (text: string): void => writeFileSync(join(app, 'echo.c'), sourceThatAnswers(text));
  save('first');
  const up = start(
    'server',
    [join(ROOT, 'weft'), 'up', app, '--port', '0', '--threads', '1', '--toolchain', toolchain, '--data', join(dir, 'data')],
    {
      env: { ...process.env, WEFT_CACHE: join(dir, 'cache') },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const client = new Client();
  try {
    const url = `${await firstLine(up)}/function/echo`;
    const took: number[] = [];
    for (let i = 0; i <= SAVES; i++) {
      bench.progress(`save ${i} of ${SAVES}, ${toolchain} toolchain`);
      const before = performance.now();
      save(`version ${i}`);
      await answers(client, url, `version ${i}`);
      took.push(performance.now() - before);
    }
    // The first one warms the compiler up.
    const value = spread(took.slice(1));
    const target = atMost(value.median, limitMs, `< ${limitMs} ms`);
    return { what: 'saved C file to its answer', subject: `${toolchain} toolchain`, unit: 'ms', value, target };
  } finally {
    client.close();
    await stop(up);
    rmSync(dir, { recursive: true, force: true });
  }
}

const sourceThatAnswers = (text: string): string => `#include <weft/v1.h>
int weft_handle(weft_request *request, weft_response *response) {
  (void)request;
  return weft_response_body(response, "${text}", ${text.length});
}
`;

async function firstLine({ stdout }: ReturnType<typeof start>): Promise<string> {
  if (!stdout) throw new TypeError('its output is not piped');
  const [text] = (await once(stdout.setEncoding('utf8'), 'data')) as [string]; // as the encoding says
  return text.trim();
}

async function answers(client: Client, url: string, text: string): Promise<void> {
  const end = performance.now() + GIVE_UP_AFTER_MS;
  while ((await client.post(url)) !== text) {
    if (performance.now() > end) throw new Error(`${url} never answered "${text}"`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
