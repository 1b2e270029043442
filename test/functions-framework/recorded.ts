/** Events on their way to a function and, as sources/recorder.cpp printed them, out of it. */
import assert from 'node:assert/strict';
import type { Event } from './events.ts';
import type { Request } from './hosted.ts';

export interface Recorded {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly specversion: string;
  readonly datacontenttype: string | null;
  readonly dataschema: string | null;
  readonly subject: string | null;
  readonly data: string | null;
  /** Since 1970. */
  readonly micros: number | null;
}

export function readRecorded(line: string): Recorded {
  const fields = Object.entries(JSON.parse(line) as Record<string, string | number | null>);
  const text = fields.map(([name, value]) => [name, typeof value === 'string' ? Buffer.from(value, 'hex').toString('utf8') : value]);
  return Object.fromEntries(text) as Recorded;
}

/** With data as JSON. */
export function assertRecorded(line: string | undefined, event: Event & { readonly dataschema?: string }): void {
  const { data, ...recorded } = readRecorded(line ?? '{}');
  assert.deepEqual(recorded, {
    id: event.id,
    source: event.source,
    type: event.type,
    specversion: '1.0',
    datacontenttype: 'application/json',
    dataschema: event.dataschema ?? null,
    subject: event.subject ?? null,
    micros: microsOf(event.time),
  });
  assert.deepEqual(JSON.parse(data ?? ''), event.data);
}

export const binary = ({ data, ...attributes }: Event): Request => {
  const body = JSON.stringify(data);
  return {
    headers: [
      ...Object.entries(attributes).map(([name, value]) => [`Ce-${name.charAt(0).toUpperCase()}${name.slice(1)}`, value] as const),
      ['Ce-Specversion', '1.0'],
      ['Content-Type', 'application/json'],
      ['Content-Length', String(Buffer.byteLength(body))],
    ],
    body,
  };
};

export const structured = (event: unknown, type = 'application/cloudevents+json; charset=utf-8'): Request => ({
  headers: [['Content-Type', type]],
  body: JSON.stringify(event),
});

export const legacy = (event: unknown): Request => structured(event, 'application/json');

/** Of a time in UTC. */
export function microsOf(time: string): number {
  const [, seconds = '', fraction = ''] = /^([^.Z]+)(?:\.(\d+))?Z$/.exec(time) ?? [];
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
