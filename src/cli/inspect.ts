/** Commands that ask a running platform what it serves. */
import { adminClient } from './admin.ts';
import type { Remote } from './options.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

/** A completion that takes longer is worse than none. */
const COMPLETION_MS = 1500;
/** What a shell would expand is no name. */
const PLAIN = /^[\w.-]+$/;

export async function list(terminal: Terminal, remote: Remote): Promise<void> {
  const client = await adminClient(remote);
  const apps = await client.list();
  const functions = apps.flatMap((app) => app.functions);
  const rows = functions.map((fn) => [fn.name, fn.app, fn.contract, fn.isolation.kind, fn.version, fn.invocations, fn.contexts]);
  for (const { app, error } of apps) if (error !== undefined) terminal.say(`weft: the app ${app} is not served: ${error.message}`);
  terminal.data(functions, table([['FUNCTION', 'APP', 'CONTRACT', 'ISOLATION', 'VERSION', 'REQUESTS', 'INSTANCES'], ...rows]));
}

export async function describe(terminal: Terminal, name: string, remote: Remote): Promise<void> {
  const client = await adminClient(remote);
  const fn = await client.describe(name);
  terminal.data(fn, table(properties(fn)));
}

/** Names of the deployed functions, or none. */
export async function names(): Promise<string[]> {
  try {
    const client = await adminClient({});
    const late = new Promise<never>((_, reject) => setTimeout(reject, COMPLETION_MS).unref());
    const apps = await Promise.race([client.list(), late]);
    return apps
      .flatMap((app) => app.functions)
      .map((fn) => fn.name)
      .filter((name) => PLAIN.test(name));
  } catch {
    return [];
  }
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** A row for each value that says something; `limits.memoryBytes` for what is inside another. */
function properties(object: object, inside = ''): [string, string][] {
  return Object.entries(object).flatMap(([key, value]: [string, unknown]): [string, string][] => {
    if (Array.isArray(value)) return value.length === 0 ? [] : [[`${inside}${key}`, value.map(plain).join(', ')]];
    if (typeof value === 'object' && value !== null) return properties(value, `${inside}${key}.`);
    return value === undefined || value === '' ? [] : [[`${inside}${key}`, plain(value)]];
  });
}
