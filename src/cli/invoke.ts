/** One call of a function over HTTP, and its answer as data. */
import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { createReadStream, fstatSync } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { STATUS_CODES } from 'node:http';
import type { Readable } from 'node:stream';
import { ERRORS } from '../model/errors.ts';
import { unusable } from '../registry/durable.ts';
import { type Answer, callFunction, createAgent, type FunctionRequest, wholeBody } from './function-request.ts';
import { gatewayUrl } from './gateway-address.ts';
import { platformError, reportPlatformError } from './platform-error.ts';
import type { Terminal } from './terminal.ts';

export interface InvokeOptions {
  readonly data?: string;
  readonly file?: string;
  readonly method: string;
  readonly path: string;
  readonly header?: readonly string[];
  readonly include?: boolean;
  readonly gateway?: string;
  readonly context?: string;
}

/** Exit code when the function itself answered 400 or more. */
const FUNCTION_FAILED = 5;

export async function invoke(terminal: Terminal, name: string, options: InvokeOptions): Promise<number> {
  const url = await gatewayUrl(options);
  const agent = createAgent();
  try {
    return await show(terminal, await callFunction(agent, await functionRequest(url, name, options)), options);
  } finally {
    await agent.destroy();
  }
}

async function functionRequest(url: string, name: string, options: InvokeOptions): Promise<FunctionRequest> {
  return {
    url,
    name,
    method: options.method.toUpperCase(),
    path: options.path,
    headers: options.header ?? [],
    body: await bodyOf(options),
  };
}

async function bodyOf({ data, file }: InvokeOptions): Promise<Uint8Array | Readable | undefined> {
  if (data !== undefined) return Buffer.from(data);
  if (file === '-' || (file === undefined && isPiped())) return process.stdin;
  if (file === undefined) return undefined;
  await mustBeReadable(file);
  return createReadStream(file);
}

/** Told before anything is sent: what fails while it is sent looks as if the platform did. */
async function mustBeReadable(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
    if ((await stat(file)).isDirectory()) throw new TypeError('it is a folder');
  } catch (cause) {
    throw unusable(file, cause);
  }
}

/** A pipe or a file; a terminal or /dev/null would have nothing to say. */
function isPiped(): boolean {
  try {
    const stdin = fstatSync(0);
    return stdin.isFIFO() || stdin.isFile() || stdin.isSocket();
  } catch {
    return false;
  }
}

async function show(terminal: Terminal, answer: Answer, { include }: InvokeOptions): Promise<number> {
  const failed = answer.status >= 400;
  if (failed && include !== true && !terminal.json) return showFailure(terminal, answer);
  if (terminal.json) return showJson(terminal, answer);
  if (include === true) terminal.raw(head(answer));
  await copy(terminal, answer);
  return failed ? FUNCTION_FAILED : 0;
}

/** Errors of the platform are told as those of any command; what a function says of itself is its data. */
async function showFailure(terminal: Terminal, answer: Answer): Promise<number> {
  const bytes = await wholeBody(answer);
  const error = platformError(answer, bytes);
  if (error !== undefined) return reportPlatformError(terminal, error);
  terminal.raw(bytes);
  terminal.say(`weft: ${answer.name} answered ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`.trimEnd());
  return FUNCTION_FAILED;
}

/** Text as it is; other bytes in base64. */
async function showJson(terminal: Terminal, answer: Answer): Promise<number> {
  const bytes = await wholeBody(answer);
  const body = isUtf8(bytes) ? { body: bytes.toString() } : { body: bytes.toString('base64'), encoding: 'base64' };
  terminal.data({ status: answer.status, headers: answer.headers, ...body }, '');
  if (answer.status < 400) return 0;
  const error = platformError(answer, bytes);
  return error === undefined ? FUNCTION_FAILED : ERRORS[error.code].exit;
}

function head({ status, headers }: Answer): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`;
}

async function copy(terminal: Terminal, answer: Answer): Promise<void> {
  for await (const piece of answer.body) {
    if (!terminal.raw(piece)) await once(terminal.stdout, 'drain');
  }
}
