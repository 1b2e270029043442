/** One table of cases for every contract and every isolation that supports it, over HTTP, from manifest to answer. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { readFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestPlatform } from '../admin/harness.ts';
import { startEngine, type TestEngine } from '../container/engine.ts';
import { autoBuilder } from '../toolchain/workshop.ts';
import { CASE_NAMES, CASES, type CaseName, type Cell, CELLS, matrixTable, nameOf } from './matrix/cells.ts';
import { matrixApp, matrixImages } from './matrix/matrix-app.ts';

interface Reply {
  readonly status: number;
  readonly body: Buffer;
}

const EVERY_BYTE = Buffer.from(Array.from({ length: 1024 }, (_, i) => i % 256));
const UNICODE = 'Zażółć gęślą jaźń – 漢字かな – 👩‍👩‍👧 – \u{1f9f5}';

suite('every contract, however it is kept apart', () => {
  let it: TestPlatform | undefined;
  let engine: TestEngine | undefined;
  let withoutContainers = '';
  const failed = new Set<string>();
  const cells = (): readonly Cell[] => CELLS.filter(({ isolation }) => isolation !== 'container' || engine);

  before(async () => {
    const builder = await autoBuilder();
    try {
      const started = await startEngine();
      if (typeof started === 'string') withoutContainers = started;
      else engine = started;
      if (engine) {
        await matrixImages(cells(), engine);
        Object.assign(process.env, engine.env); // where the platform's threads look for it
      }
      it = await TestPlatform.start({ threads: 1 });
      await it.platform.deploy(await matrixApp(cells(), builder));
    } finally {
      await builder.close();
    }
  });
  after(async () => {
    await it?.[Symbol.asyncDispose]();
    await engine?.stop();
    process.stdout.write(`${shown(failed)}\n`);
  });

  const ask = async (cell: Cell, body: Buffer | string, headers: Record<string, string> = {}): Promise<Reply> => {
    assert.ok(it);
    const init = { method: 'POST', body: Buffer.from(body), headers: { 'content-type': 'text/plain', ...headers } };
    const answer = await fetch(`${it.platform.url}/function/${nameOf(cell)}`, init);
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  };
  const echoes = async (cell: Cell, body: Buffer | string): Promise<void> => {
    const reply = await ask(cell, body);
    assert.equal(reply.status, 200, reply.body.toString('utf8', 0, 300));
    assert.ok(reply.body.equals(Buffer.from(body)), `${reply.body.length} bytes, ${reply.body.toString('utf8', 0, 100)}`);
  };
  /** What went wrong stays with the request it went wrong in. */
  const goesOn = (cell: Cell): Promise<void> => echoes(cell, 'and the next one');

  /** All spin at once, and are waited for by one after the other: together they take as long as the one with most time. */
  let spun: Map<Cell, Promise<Reply>> | undefined;

  const RUN: Readonly<Record<CaseName, (cell: Cell) => Promise<void>>> = {
    echo: (cell) => echoes(cell, 'Hello, Weft'),
    'empty body': (cell) => echoes(cell, ''),
    '10 MB body': (cell) => echoes(cell, Buffer.alloc(10_000_000, 'ten million bytes ')),
    'binary bytes': (cell) => echoes(cell, EVERY_BYTE),
    unicode: (cell) => echoes(cell, UNICODE),
    headers: async (cell) => {
      const reply = await ask(cell, '!header', { 'x-case': 'the value of a header' });
      assert.deepEqual([reply.status, reply.body.toString()], [200, 'the value of a header']);
    },
    'non-zero exit': async (cell) => {
      assert.equal((await ask(cell, '!fail')).status, cell.contract === 'fn' ? 502 : 500);
      await goesOn(cell);
    },
    crash: async (cell) => {
      assert.equal((await ask(cell, '!crash')).status, 502);
      await goesOn(cell);
    },
    timeout: async (cell) => {
      spun ??= new Map(cells().map((one) => [one, ask(one, '!spin')]));
      assert.equal((await spun.get(cell))?.status, 504);
      await goesOn(cell);
    },
    'output flood': async (cell) => {
      const reply = await ask(cell, '!flood').catch(() => 'broken off' as const);
      assert.ok(
        reply === 'broken off' || reply.status === 500 || (cell.contract === 'fn' && reply.status === 502),
        `${reply === 'broken off' ? reply : reply.status}`,
      );
      await goesOn(cell);
    },
    'slow reader': async (cell) => {
      assert.ok(it);
      const body = Buffer.alloc(5_000_000, 'slow ');
      const answer = await readSlowly(it.platform.port, nameOf(cell), body);
      assert.ok(answer.includes(' 200 '), answer.toString('latin1', 0, 200));
      assert.ok(dechunked(answer).equals(body));
    },
    'concurrent calls': async (cell) => {
      // A container for each is a lot to ask of two cores.
      const count = cell.isolation === 'container' && cell.contract === 'stdio' ? 4 : 32;
      await Promise.all(Array.from({ length: count }, (_, i) => echoes(cell, `call ${i} `.repeat(100 + i))));
    },
    'call another function': async (cell) => {
      const reply = await ask(cell, '!call');
      assert.deepEqual([reply.status, reply.body.toString()], [200, 'called']);
    },
  };

  for (const cell of CELLS) {
    suite(`${cell.contract}, ${cell.isolation}`, () => {
      for (const name of CASE_NAMES.filter((one) => CASES[one](cell) === '')) {
        test(name, async (t) => {
          if (cell.isolation === 'container' && !engine) return t.skip(withoutContainers);
          failed.add(`${nameOf(cell)} ${name}`);
          await RUN[name](cell);
          failed.delete(`${nameOf(cell)} ${name}`);
        });
      }
    });
  }

  test('README shows this matrix', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    assert.ok(readme.includes(matrixTable()), `README.md lacks\n\n${matrixTable()}\n`);
  });
});

function shown(failed: ReadonlySet<string>): string {
  const width = Math.max(...CELLS.map((cell) => nameOf(cell).length));
  const lines = CELLS.map((cell) => {
    const marks = CASE_NAMES.map((name) =>
      CASES[name](cell) !== '' ? `– ${name}` : failed.has(`${nameOf(cell)} ${name}`) ? `✖ ${name}` : `✔ ${name}`,
    );
    return `${nameOf(cell).padEnd(width)}  ${marks.join('  ')}`;
  });
  return lines.join('\n');
}

/** All that comes, by a client that takes nothing for a while and then little at a time. */
function readSlowly(port: number, name: string, body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`POST /function/${name} HTTP/1.1\r\nHost: slow\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`);
      socket.write(body);
      socket.pause();
      void sleep(300).then(() => socket.resume());
    });
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece);
      if (pieces.length % 16 !== 0) return;
      socket.pause();
      setTimeout(() => socket.resume(), 1);
    });
    socket.on('end', () => resolve(Buffer.concat(pieces)));
    socket.on('error', reject);
  });
}

/** The body of an answer, in chunks or not. */
function dechunked(answer: Buffer): Buffer {
  const end = answer.indexOf('\r\n\r\n') + 4;
  if (!/transfer-encoding: chunked/i.test(answer.toString('latin1', 0, end))) return answer.subarray(end);
  const pieces: Buffer[] = [];
  for (let at = end; ; ) {
    const line = answer.indexOf('\r\n', at);
    const length = Number.parseInt(answer.toString('latin1', at, line), 16);
    if (length === 0) return Buffer.concat(pieces);
    pieces.push(answer.subarray(line + 2, line + 2 + length));
    at = line + 2 + length + 2;
  }
}
