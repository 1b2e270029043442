/** A context as it is shown: everything but its password. */
import { ADMIN } from '../../gateway/admin/password.ts';
import type { GatewayContext } from './gateway-context.ts';
import { DEFAULT_CONTEXT } from './name.ts';

export interface ContextView {
  readonly name: string;
  readonly current: boolean;
  readonly gateway: string;
  readonly user: string;
  /** Where it comes from. */
  readonly password: 'kept here' | 'in a file' | 'of the data folder' | 'none';
  readonly passwordFile?: string;
  readonly description?: string;
}

export function viewOf(context: GatewayContext, inUse: string | undefined): ContextView {
  const { name, gateway, user = ADMIN, password, passwordFile, description } = context;
  return {
    name,
    current: name === inUse,
    gateway,
    user,
    password: password !== undefined ? 'kept here' : passwordFile !== undefined ? 'in a file' : 'none',
    ...(passwordFile === undefined ? {} : { passwordFile }),
    ...(description === undefined ? {} : { description }),
  };
}

export function viewOfDefault(gateway: string, inUse: string | undefined): ContextView {
  return {
    name: DEFAULT_CONTEXT,
    current: inUse === DEFAULT_CONTEXT,
    gateway,
    user: ADMIN,
    password: 'of the data folder',
    description: 'the platform of this machine',
  };
}
