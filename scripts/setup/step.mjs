/** Runs one slow command of the set-up: says what it does and why, shows that it is alive, keeps its output for the failure. */
import { spawn } from 'node:child_process';

const ALIVE_EVERY_MS = 15_000;
const SPIN_EVERY_MS = 120;
const KEPT_OUTPUT_CHARS = 8_000;

export class SetupError extends Error {
  /** @param {string} message what failed and why @param {string} hint the command that mends it */
  constructor(message, hint) {
    super(message);
    this.name = 'SetupError';
    this.hint = hint;
  }
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`weft: ${line}\n`);
}

/**
 * @param {string} what said to the user, e.g. "Installing 60 npm packages (node_modules is missing)"
 * @param {readonly string[]} command never goes through a shell
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, hint?: string }} options
 */
export async function step(what, command, { cwd, env = process.env, hint = command.join(' ') } = {}) {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(0)} s`;
  const stop = showAlive(what, seconds);
  try {
    const { code, output } = await run(command, cwd, env);
    stop();
    if (code !== 0) throw new SetupError(`${what} failed: "${command.join(' ')}" ended with ${code}\n${output.trimEnd()}`, hint);
    say(process.stderr.isTTY ? `${what}: done in ${seconds()}` : `  done in ${seconds()}`);
  } finally {
    stop();
  }
}

function showAlive(what, seconds) {
  const terminal = process.stderr.isTTY;
  if (!terminal) say(`${what} ...`);
  const draw = terminal
    ? () => process.stderr.write(`\r\x1b[Kweft: ${what} ... ${seconds()}`)
    : () => say(`  still at it after ${seconds()}`);
  if (terminal) draw();
  const timer = setInterval(draw, terminal ? SPIN_EVERY_MS : ALIVE_EVERY_MS);
  let stopped = false;
  return () => {
    if (stopped) return;
    stopped = true;
    clearInterval(timer);
    if (terminal) process.stderr.write('\r\x1b[K');
  };
}

function run([file, ...args], cwd, env) {
  return new Promise((resolve) => {
    let output = '';
    const keep = (piece) => {
      output = (output + piece).slice(-KEPT_OUTPUT_CHARS);
    };
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.once('error', (error) => resolve({ code: error.message, output }));
    child.once('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
}
