/** Variables in a manifest's text, as OpenFaaS's tool replaces them before it reads it: `${NAME}`, `${NAME:-default}`; `$${NAME}` stands for itself. */
import { type Environment, variableOf } from '../scope.ts';

const VARIABLE = /\$(\$)?\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?)[-=]([^{}]*))?\}/g;

export interface Substituted {
  readonly text: string;
  /** Where in the original text what stands there came from. */
  readonly offsetOf: (offset: number) => number;
}

/** One that is not set and has no default is nothing, there as here. */
export function substitute(original: string, environment: Environment): Substituted {
  const moves: { readonly to: number; readonly from: number; readonly length: number }[] = [];
  let text = '';
  let done = 0;
  for (const found of original.matchAll(VARIABLE)) {
    const [whole, escaped, name = '', colon, otherwise] = found;
    text += original.slice(done, found.index);
    const value = escaped === undefined ? valueOf(variableOf(environment, name), colon === ':', otherwise) : whole.slice(1);
    moves.push({ to: text.length, from: found.index, length: value.length });
    text += value;
    done = found.index + whole.length;
    moves.push({ to: text.length, from: done, length: Number.POSITIVE_INFINITY });
  }
  text += original.slice(done);
  const offsetOf = (offset: number): number => {
    const move = moves.findLast(({ to }) => to <= offset);
    if (!move) return offset;
    return move.length === Number.POSITIVE_INFINITY ? move.from + offset - move.to : move.from;
  };
  return { text, offsetOf };
}

/** `:-` replaces what is empty too. */
function valueOf(value: string | undefined, emptyToo: boolean, otherwise: string | undefined): string {
  if (value === undefined || (emptyToo && value === '')) return otherwise ?? '';
  return value;
}
