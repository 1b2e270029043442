/** `weft logs`: a line for each record, as it was written. */
import { once } from 'node:events';
import type { LogRecord } from '../engine/protocol.ts';
import { adminClient } from './admin.ts';
import type { Remote } from './options.ts';
import { StopSignals } from './stop-signals.ts';
import { printable } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface LogsOptions extends Remote {
  readonly follow?: boolean;
  /** Unix time, milliseconds. */
  readonly since?: number;
  readonly tail?: number;
}

/** @returns the exit code */
export async function logs(terminal: Terminal, name: string | undefined, options: LogsOptions): Promise<number> {
  using stop = new StopSignals();
  const { follow = false, since, tail } = options;
  const client = await adminClient(options);
  const query = {
    follow,
    ...(name === undefined ? {} : { name }),
    ...(since === undefined ? {} : { since }),
    ...(tail === undefined ? {} : { tail }),
  };
  try {
    for await (const record of client.logs(query, stop.signal)) {
      if (!terminal.raw(line(terminal, record))) await once(terminal.stdout, 'drain');
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  return stop.exitCode;
}

function line(terminal: Terminal, record: LogRecord): string {
  if (terminal.json) return `${JSON.stringify(record)}\n`;
  const { time, level, function: name, text } = record;
  const texts = text.trimEnd().split('\n').map(printable);
  return `${new Date(time).toISOString()} ${level.padEnd(5)} ${name}: ${texts.join('\n  ')}\n`;
}
