/** What a measurement finds out: one row of the table each. */
import type { Spread } from './stats.ts';

export interface Row {
  readonly what: string;
  readonly subject: string;
  readonly unit: string;
  readonly value: Spread;
  readonly target?: Target;
}

/** What was to be reached, and whether it was. */
export interface Target {
  readonly text: string;
  readonly met: boolean;
}

export interface Measurement {
  readonly name: string;
  readonly title: string;
  /** What of this machine it cannot do without and does not have; nothing when it can run. */
  readonly lacks?: () => string | undefined;
  readonly run: (bench: Bench) => Promise<Row[]>;
}

export interface Bench {
  /** Times that everything is measured, taking turns. */
  readonly rounds: number;
  /** Length of one run of the load generator. */
  readonly seconds: number;
  /** Says what is being done, on a terminal. */
  readonly progress: (text: string) => void;
}

export function atMost(value: number, limit: number, text: string): Target {
  return { text, met: value <= limit };
}

export function atLeast(value: number, limit: number, text: string): Target {
  return { text, met: value >= limit };
}
