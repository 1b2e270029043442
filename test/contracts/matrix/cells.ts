/** The matrix: every contract with every isolation that supports it, and the cases that make sense for it. */
import type { ContractName, Isolation } from '../../../src/model/app.ts';

export interface Cell {
  readonly contract: ContractName;
  readonly isolation: Exclude<Isolation['kind'], 'static'>;
}

export const CELLS: readonly Cell[] = [
  { contract: 'weft', isolation: 'context' },
  { contract: 'stdio', isolation: 'context' },
  { contract: 'nightcore', isolation: 'context' },
  { contract: 'functions-framework', isolation: 'context' },
  { contract: 'fn', isolation: 'context' },
  { contract: 'stdio', isolation: 'process' },
  { contract: 'nightcore', isolation: 'process' },
  { contract: 'functions-framework', isolation: 'process' },
  { contract: 'fn', isolation: 'process' },
  { contract: 'http', isolation: 'process' },
  { contract: 'stdio', isolation: 'container' },
  { contract: 'fn', isolation: 'container' },
  { contract: 'http', isolation: 'container' },
];

/** Case → why it makes no sense for some; empty where it does. */
export const CASES = {
  echo: () => '',
  'empty body': () => '',
  '10 MB body': () => '',
  'binary bytes': () => '',
  unicode: () => '',
  headers: ({ contract }) => (contract === 'nightcore' ? 'its interface shows no headers' : ''),
  'non-zero exit': () => '',
  crash: () => '',
  timeout: () => '',
  'output flood': () => '',
  'slow reader': () => '',
  'concurrent calls': () => '',
  'call another function': ({ contract }) => (contract === 'weft' || contract === 'nightcore' ? '' : 'its interface has no calls'),
} as const satisfies Record<string, (cell: Cell) => string>;

export type CaseName = keyof typeof CASES;
export const CASE_NAMES = Object.keys(CASES) as CaseName[];

export const nameOf = ({ contract, isolation }: Cell): string => `${contract}-${isolation}`;

/** As README shows it. */
export function matrixTable(): string {
  const heads = CELLS.map(({ contract, isolation }) => `${contract}, ${isolation}`);
  const row = (name: CaseName): string => `| ${name} | ${CELLS.map((cell) => (CASES[name](cell) === '' ? '✔' : '–')).join(' | ')} |`;
  return [`| | ${heads.join(' | ')} |`, `|---|${heads.map(() => '---|').join('')}`, ...CASE_NAMES.map(row)].join('\n');
}
