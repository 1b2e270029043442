/**
 * Which platform a command is about: what its options say, else the environment, else the current context, else the platform of this
 * machine. What is more exact goes first: an address before the name of a context.
 */
import { join } from 'node:path';
import { WeftError } from '../../model/errors.ts';
import type { Remote } from '../options.ts';
import { configFolder } from '../places.ts';
import { DEFAULT_CONTEXT, isContextName } from './name.ts';
import { readSmallFile } from './small-file.ts';

export type Choice =
  | { readonly kind: 'gateway'; readonly url: string }
  /** `config` has its file; `from` says where the name was found. */
  | { readonly kind: 'context'; readonly name: string; readonly config: string; readonly from: string }
  /** The one of the data folder. */
  | { readonly kind: 'local' };

const CURRENT = 'current-context';

/** @throws WeftError WEFT_USAGE, WEFT_CONTEXT_DAMAGED, WEFT_FILE */
export async function choosePlatform({ gateway, context, data }: Remote, environment: NodeJS.ProcessEnv): Promise<Choice> {
  if (isTold(gateway) && isTold(context)) {
    const reason = '--gateway and --context exclude each other: a context has its own gateway';
    throw new WeftError('WEFT_USAGE', { reason, command: 'weft context --help' });
  }
  if (isTold(gateway)) return { kind: 'gateway', url: gateway };
  if (isTold(context)) return named(context, environment, '');
  const { WEFT_GATEWAY: address } = environment;
  if (isTold(address)) return { kind: 'gateway', url: address };
  if (isTold(data)) return { kind: 'local' };
  return chosenContext(environment);
}

/** What goes without options and WEFT_GATEWAY. @throws WeftError WEFT_CONTEXT_DAMAGED, WEFT_FILE */
async function chosenContext(environment: NodeJS.ProcessEnv): Promise<Choice> {
  const { WEFT_CONTEXT: name } = environment;
  if (isTold(name)) return named(name, environment, ', which WEFT_CONTEXT names');
  const config = configFolder(environment);
  const current = config === undefined ? DEFAULT_CONTEXT : await currentContext(config);
  return named(current, environment, ', which is the current one');
}

/** The name of the context that is used when nothing else is told. @throws WeftError WEFT_CONTEXT_DAMAGED, WEFT_FILE */
export async function contextInUse(environment: NodeJS.ProcessEnv): Promise<string> {
  const choice = await chosenContext(environment);
  return choice.kind === 'context' ? choice.name : DEFAULT_CONTEXT;
}

/** What names the current context. */
export function currentFile(config: string): string {
  return join(config, CURRENT);
}

/** What in the environment goes before the current context, told so that nobody wonders. */
export function overrides(environment: NodeJS.ProcessEnv): string[] {
  return ['WEFT_GATEWAY', 'WEFT_CONTEXT', 'WEFT_PASSWORD'].filter((variable) => isTold(environment[variable]));
}

async function currentContext(config: string): Promise<string> {
  const path = currentFile(config);
  // Whoever chose another platform must not come to this one in silence: what cannot be read is an error.
  const file = await readSmallFile(path);
  if (file === undefined) return DEFAULT_CONTEXT;
  if (typeof file === 'string') throw new WeftError('WEFT_CONTEXT_DAMAGED', { path, reason: file });
  const name = file.text.trim();
  if (!isContextName(name)) throw new WeftError('WEFT_CONTEXT_DAMAGED', { path, reason: 'it holds no name of a context' });
  return name;
}

function named(name: string, environment: NodeJS.ProcessEnv, from: string): Choice {
  if (name === DEFAULT_CONTEXT) return { kind: 'local' };
  const config = configFolder(environment);
  if (config !== undefined) return { kind: 'context', name, config, from };
  throw noConfigFolder();
}

/** For what cannot do without. */
export function noConfigFolder(): WeftError {
  return new WeftError('WEFT_FILE', {
    path: 'the folder of contexts',
    reason: 'there is no home folder; say where it is to be with WEFT_CONFIG',
  });
}

function isTold(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
