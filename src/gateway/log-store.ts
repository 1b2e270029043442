/** The latest log records of each function, in memory, and those who follow them. */
import type { LogRecord } from '../engine/protocol.ts';
import { LogFollower } from './log-follower.ts';
import { LogRing } from './log-ring.ts';

/** All functions together; past it, the one that was quiet the longest loses its records. */
const MAX_BYTES = 64 * 1024 * 1024;

export interface LogQuery {
  readonly app?: string;
  /** Of a function; all of them when absent. */
  readonly name?: string;
  /** At most so many of the latest. */
  readonly tail?: number;
  /** Not older than this, Unix time, milliseconds. */
  readonly since?: number;
  /** Go on with what comes. */
  readonly follow?: boolean;
}

export class LogStore {
  /** By app and function, the quietest first. */
  readonly #rings = new Map<string, LogRing>();
  readonly #followers = new Set<LogFollower>();
  #bytes = 0;

  add(records: readonly LogRecord[]): void {
    for (const record of records) this.#keep(record);
    for (const follower of this.#followers) follower.offer(records);
  }

  /** By time. */
  read(query: LogQuery): LogRecord[] {
    const matches = matcher(query);
    const found = [...this.#rings.values()].flatMap((ring) => ring.records.filter(matches));
    found.sort((a, b) => a.time - b.time);
    return query.tail === undefined ? found : found.slice(found.length - Math.min(query.tail, found.length));
  }

  /** What there is, then what comes, until its consumer or `close` ends it. */
  follow(query: LogQuery): LogFollower {
    const follower = new LogFollower(this.read(query), matcher(query), () => this.#followers.delete(follower));
    this.#followers.add(follower);
    return follower;
  }

  get followers(): number {
    return this.#followers.size;
  }

  /** In that app, or in any. */
  has(name: string, app?: string): boolean {
    return app === undefined ? this.#rings.keys().some((key) => key.endsWith(`/${name}`)) : this.#rings.has(`${app}/${name}`);
  }

  close(): void {
    for (const follower of this.#followers) follower.end();
  }

  #keep(record: LogRecord): void {
    const key = `${record.app}/${record.function}`;
    const ring = this.#rings.get(key) ?? new LogRing();
    this.#rings.delete(key);
    this.#rings.set(key, ring);
    this.#bytes += ring.add(record);
    for (const [quietest, old] of this.#rings) {
      if (this.#bytes <= MAX_BYTES || old === ring) break;
      this.#rings.delete(quietest);
      this.#bytes -= old.bytes;
    }
  }
}

function matcher({ app, name, since }: LogQuery): (record: LogRecord) => boolean {
  return (record) =>
    (app === undefined || record.app === app) &&
    (name === undefined || record.function === name) &&
    (since === undefined || record.time >= since);
}
