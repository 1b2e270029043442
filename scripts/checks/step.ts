/** One check as a child process: a line when it passes, its whole output when it does not. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Check {
  readonly name: string;
  /** A tool in node_modules/.bin, or a script of the repository ending in .ts. */
  readonly command: readonly [string, ...string[]];
  /** How to mend what it finds, where a command can. */
  readonly mend?: string;
}

export async function passes(check: Check): Promise<boolean> {
  const began = performance.now();
  const { code, output } = await run(check.command);
  const took = `${((performance.now() - began) / 1000).toFixed(1)} s`;
  if (code === 0) {
    console.log(`✔ ${check.name} (${took})`);
    return true;
  }
  console.log(`✖ ${check.name} (${took}): ${check.command.join(' ')} ended with ${code}\n${output.trimEnd()}`);
  if (check.mend !== undefined) console.log(`  to mend it: ${check.mend}`);
  return false;
}

function run([tool, ...args]: Check['command']): Promise<{ code: number | string; output: string }> {
  const file = tool.endsWith('.ts') ? process.execPath : join(ROOT, 'node_modules/.bin', tool);
  const all = tool.endsWith('.ts') ? [join(ROOT, tool), ...args] : args;
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(file, all, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (piece: string) => {
        output += piece;
      });
    }
    child.once('error', (error) => resolve({ code: error.message, output }));
    child.once('close', (code, signal) => resolve({ code: code ?? signal ?? 'no code', output }));
  });
}
