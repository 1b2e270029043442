/** `weft context …`: what its commands do. */
import { resolve } from 'node:path';
import { WeftError } from '../../model/errors.ts';
import { reportFailure } from '../failure.ts';
import { localUrl } from '../gateway-address.ts';
import { gatewayOrigin, hasPath, isLoopback, withoutUser } from '../gateway-url.ts';
import { configFolder } from '../places.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { contextInUse, currentFile, noConfigFolder, overrides } from './choice.ts';
import { type GatewayContext, USER } from './gateway-context.ts';
import { passwordFromInput, refusePasswordAsWord } from './given-password.ts';
import { DEFAULT_CONTEXT, newContextName } from './name.ts';
import { ContextStore } from './store.ts';
import { type ContextView, viewOf, viewOfDefault } from './view.ts';

export interface CreateOptions {
  readonly gateway?: string;
  readonly user?: string;
  readonly passwordStdin?: boolean;
  readonly passwordFile?: string;
  readonly description?: string;
  readonly replace?: boolean;
  /** What nobody should type. */
  readonly password?: unknown;
}

const NONE = { contexts: [], wrong: [] };

export async function createContext(terminal: Terminal, name: string, options: CreateOptions): Promise<void> {
  const { store } = openStore();
  const context = await contextFrom(name, options);
  await store.write(context, { replace: options.replace === true });
  terminal.data({ created: name, gateway: context.gateway }, name);
  if (!isLoopback(context.gateway) && context.gateway.startsWith('http:'))
    terminal.say(`weft: ${context.gateway} is not encrypted: passwords and data can be read on the way`);
  terminal.say(`Use it with: weft context use ${name}; or in one command with: --context ${name}`);
}

export async function useContext(terminal: Terminal, name: string): Promise<void> {
  const { store, config } = openStore();
  await store.use(name, currentFile(config));
  terminal.data({ current: name }, name);
  for (const variable of overrides(process.env)) terminal.say(`weft: ${variable} is set and goes before what the context says`);
}

/** What is whole is listed, whatever is wrong with others. @returns the exit code */
export async function listContexts(terminal: Terminal): Promise<number> {
  const config = configFolder(process.env);
  const { contexts, wrong } = config === undefined ? NONE : await new ContextStore(config).readAll();
  const unclear: unknown[] = [];
  const inUse = await contextInUse(process.env).catch((error: unknown) => void unclear.push(error));
  const views = [viewOfDefault(await localUrl(), inUse), ...contexts.map((context) => viewOf(context, inUse))];
  terminal.data(views, table([['CURRENT', 'NAME', 'GATEWAY', 'USER', 'PASSWORD', 'DESCRIPTION'], ...views.map(row)]));
  if (process.env['WEFT_GATEWAY']) terminal.say('weft: WEFT_GATEWAY is set and goes before the current context');
  const failures = [...unclear, ...wrong];
  return failures.length === 0 ? 0 : reportFailure(terminal, new AggregateError(failures));
}

export async function showContext(terminal: Terminal, named: string | undefined): Promise<void> {
  const inUse = await contextInUse(process.env);
  const name = named ?? inUse;
  const view =
    name === DEFAULT_CONTEXT ? viewOfDefault(await localUrl(), inUse) : viewOf(await openStore().store.read(name, fromOf(named)), inUse);
  terminal.data(view, table(Object.entries(view).map(([key, value]) => [key, typeof value === 'boolean' ? yesNo(value) : String(value)])));
}

export async function deleteContext(terminal: Terminal, name: string): Promise<void> {
  const { store } = openStore();
  if (name === DEFAULT_CONTEXT) {
    const reason = `The context "${DEFAULT_CONTEXT}" is the platform of this machine; it cannot be deleted`;
    throw new WeftError('WEFT_USAGE', { reason, command: 'weft context delete --help' });
  }
  if ((await contextInUse(process.env)) === name) throw new WeftError('WEFT_CONTEXT_IN_USE', { name });
  await store.remove(name);
  terminal.data({ deleted: name }, name);
}

/** For completion. */
export async function contextNames(): Promise<string[]> {
  const config = configFolder(process.env);
  const names = config === undefined ? [] : await new ContextStore(config).names().catch(() => []);
  return [DEFAULT_CONTEXT, ...names];
}

async function contextFrom(name: string, options: CreateOptions): Promise<GatewayContext> {
  const { user, passwordStdin, passwordFile, description } = options;
  if (options.password !== undefined) refusePasswordAsWord();
  if (user !== undefined && !USER.test(user)) throw mistake('The name of a user has no colon and no control characters in it');
  return {
    name: newContextName(name),
    gateway: checkedGateway(options.gateway),
    ...(user === undefined ? {} : { user }),
    ...(passwordStdin === true ? { password: await passwordFromInput(process.stdin) } : {}),
    ...(passwordFile === undefined ? {} : { passwordFile: resolve(passwordFile) }),
    ...(description === undefined ? {} : { description }),
  };
}

function checkedGateway(text: string | undefined): string {
  if (text === undefined) throw mistake('A context needs to be told where its platform answers: --gateway <url>');
  const origin = gatewayOrigin(text, 'weft context create --help');
  if (hasPath(text)) throw mistake(`"${withoutUser(text)}" has a path; a gateway answers at the root of a host, such as ${origin}`);
  return origin;
}

function mistake(reason: string): WeftError {
  return new WeftError('WEFT_USAGE', { reason, command: 'weft context create --help' });
}

function openStore(): { readonly store: ContextStore; readonly config: string } {
  const config = configFolder(process.env);
  if (config === undefined) throw noConfigFolder();
  return { store: new ContextStore(config), config };
}

function fromOf(named: string | undefined): string {
  return named === undefined ? ', which is the current one' : '';
}

function row({ current, name, gateway, user, password, description = '' }: ContextView): string[] {
  return [current ? '*' : '', name, gateway, user, password, description];
}

function yesNo(yes: boolean): string {
  return yes ? 'yes' : 'no';
}
