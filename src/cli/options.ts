/** Values of options, checked where they come in; and the options that many commands have. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { WeftError } from '../model/errors.ts';
import { MAX_READY } from '../model/limits.ts';
import { isFunctionReference } from '../model/names.ts';

export interface Remote {
  readonly gateway?: string | undefined;
  readonly context?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly data?: string | undefined;
}

export const jsonOption = (): Option => new Option('--json', 'print JSON, one object a line');

export const dataOption = (): Option => new Option('--data <folder>', 'data folder (default: .weft of this project)').env('WEFT_DATA');

export const toolchainOption = (): Option =>
  new Option('--toolchain <which>', 'compiler: the one from npm, the system’s, or the system’s when there is one')
    .choices(['embedded', 'system', 'auto'])
    .default('auto')
    .env('WEFT_TOOLCHAIN');

/** For commands that talk to a running platform. Where it is not told, the environment may tell (src/cli/contexts/choice.ts). */
export function withGateway(command: Command, dataFlag = '--data <folder>'): Command {
  return withPlatform(command)
    .addOption(new Option('--password-file <file>', 'its password; or set WEFT_PASSWORD (default: the context’s, or the data folder’s)'))
    .addOption(new Option(dataFlag, 'data folder of a platform of this machine (default: .weft of this project); or set WEFT_DATA'));
}

/** For those that need no password. */
export function withPlatform(command: Command): Command {
  return command
    .addOption(new Option('--gateway <url>', 'where the platform answers; or set WEFT_GATEWAY (default: as the context says)'))
    .addOption(new Option('--context <context>', 'which platform, by name; or set WEFT_CONTEXT (default: the current context)'));
}

/** Told before anything is sent: ".." or "a/b" would be another path of the platform there. @throws WeftError WEFT_NAME_INVALID */
export function functionName(text: string): string {
  return named(text, 'a function');
}

export function appOrFunctionName(text: string): string {
  return named(text, 'an app or function');
}

function named(name: string, what: string): string {
  if (!isFunctionReference(name)) throw new WeftError('WEFT_NAME_INVALID', { name, what });
  return name;
}

export function port(text: string): number {
  return integer(text, 0, 65_535);
}

export function positive(text: string): number {
  return integer(text, 1, 1_000_000);
}

export function readyContexts(text: string): number {
  return integer(text, 0, MAX_READY);
}

export function count(text: string): number {
  return integer(text, 0, 1_000_000);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A moment as "10m" (ago) or in RFC 3339. @returns Unix time, milliseconds */
export function moment(text: string): number {
  const ago = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  // What is longer ago than time is counted cannot be written as a date; it means everything.
  const at = ago === null ? Date.parse(text) : Math.max(0, Date.now() - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? 1));
  if (!Number.isFinite(at) || (ago === null && !/^\d{4}-\d\d-\d\d/.test(text))) {
    throw new InvalidArgumentError('It is neither a time span such as 10m nor a time such as 2026-11-25T10:00:00Z.');
  }
  return at;
}

/** "Name: value", more than once. @returns name, value, name, value … */
export function header(text: string, previous: readonly string[] = []): string[] {
  const colon = text.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError('A header is written as "Name: value".');
  return [...previous, text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

function integer(text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  return value;
}
