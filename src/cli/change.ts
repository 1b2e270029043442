/** Commands that change what a running platform serves. */
import type { AdminClient } from '../gateway/admin/client.ts';
import { WeftError } from '../model/errors.ts';
import { adminClient } from './admin.ts';
import type { Remote } from './options.ts';
import type { Terminal } from './terminal.ts';

export async function remove(terminal: Terminal, name: string, remote: Remote): Promise<void> {
  const client = await adminClient(remote);
  const removed = await removeAny(client, name);
  terminal.data({ removed, name }, `${name} is removed (${removed})`);
}

export async function scale(terminal: Terminal, name: string, { contexts, ...remote }: Remote & { contexts: number }): Promise<void> {
  const client = await adminClient(remote);
  await client.scale(name, contexts);
  terminal.data({ function: name, contexts }, `${name}: ${contexts} contexts`);
}

async function removeAny(client: AdminClient, name: string): Promise<'app' | 'function'> {
  try {
    await client.remove(name);
    return 'app';
  } catch (error) {
    if (!(error instanceof WeftError) || error.code !== 'WEFT_APP_NOT_FOUND') throw error;
    await client.removeFunction(name);
    return 'function';
  }
}
