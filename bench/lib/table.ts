/** The table that people read. */
import type { Row } from './row.ts';

interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly problem?: string;
}

export function printTable({ title, rows, problem }: Section): void {
  console.log(`\n${title}`);
  if (problem !== undefined) console.log(`  ${problem}`);
  const cells = rows.map(cellsOf);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  for (const row of cells) {
    const line = row.map((cell, column) => (column === 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)));
    console.log(`  ${line.join('  ').trimEnd()}`);
  }
}

function cellsOf({ what, subject, unit, value, target }: Row): string[] {
  const range = `(${number(value.low)} – ${number(value.high)})`;
  return [what, subject, `${number(value.median)} ${unit}`, range, target ? `${target.met ? 'met' : 'NOT MET'}: ${target.text}` : ''];
}

/** Three digits that matter. */
function number(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}
