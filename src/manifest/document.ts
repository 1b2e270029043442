/**
 * A YAML or JSON text as plain values, with the place of each. Aliases work, within a bound and never in a circle, because the
 * values are made here and not by the YAML library: a "billion laughs" ends at the bound.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument, type YAMLError } from 'yaml';
import type { Mistakes, Place } from './mistakes.ts';
import { quote } from './nearest.ts';

export type Path = readonly (string | number)[];

/** Values in all, those that aliases repeat included. */
const MAX_VALUES = 20_000;
const MAX_DEPTH = 32;

export interface Original {
  readonly text: string;
  readonly offsetOf: (offset: number) => number;
}

interface Mark {
  readonly start: number;
  readonly end: number;
  readonly children: Map<string | number, { readonly key: number; readonly value: Mark }>;
}

interface Marked {
  readonly value: unknown;
  readonly mark: Mark;
}

export class ManifestDocument {
  readonly value: unknown;
  readonly #text: string;
  readonly #root: Mark;
  readonly #lines: LineCounter;
  readonly #offsetOf: (offset: number) => number;

  /**
   * @param original what its author sees, where `text` was made from it
   * @throws WeftError WEFT_MANIFEST when it is not YAML
   */
  constructor(text: string, mistakes: Mistakes, original?: Original) {
    this.#text = text;
    const lines = new LineCounter();
    const parsed = parse(text, lines);
    this.#lines = original ? linesOf(original.text) : lines;
    this.#offsetOf = original?.offsetOf ?? ((offset) => offset);
    const at = (offset: number): Place => this.placeOf(offset);
    for (const error of [...parsed.errors, ...parsed.warnings]) mistakes.add(at(error.pos[0]), wordsFor(error));
    mistakes.check();
    const { value, mark } = new Converter((offset, message) => mistakes.add(at(offset), message)).convert(parsed.contents);
    mistakes.check();
    this.value = value;
    this.#root = mark;
  }

  /** Where the value of that path stands, or the nearest one around it that is there. */
  place(path: Path): Place {
    return this.placeOf(this.#find(path).mark.start);
  }

  /** Where the key stands that names it. */
  keyPlace(path: Path): Place {
    return this.placeOf(this.#find(path).key);
  }

  placeOf(offset: number): Place {
    const { line, col } = this.#lines.linePos(this.#offsetOf(offset));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** As its author wrote it. */
  written(path: Path): string {
    const { start, end } = this.#find(path).mark;
    return this.#text.slice(start, end).trim();
  }

  valueAt(path: Path): unknown {
    let value = this.value;
    for (const step of path)
      value = typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined;
    return value;
  }

  #find(path: Path): { readonly key: number; readonly mark: Mark } {
    let found = { key: this.#root.start, mark: this.#root };
    for (const step of path) {
      const child = found.mark.children.get(step);
      if (!child) break;
      found = { key: child.key, mark: child.value };
    }
    return found;
  }
}

/** Duplicate keys are looked for below: the library compares each with each, which takes seconds for thousands of them. */
function parse(text: string, lineCounter: LineCounter): Document.Parsed {
  return parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    resolveKnownTags: false,
    schema: 'core',
    stringKeys: true,
    uniqueKeys: false,
  });
}

function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1);
  return lines;
}

function wordsFor(error: YAMLError): string {
  switch (error.code) {
    case 'MULTIPLE_DOCS':
      return 'a second YAML document begins; a manifest is one';
    case 'RESOURCE_EXHAUSTION':
      return 'values are nested too deep';
    case 'TAB_AS_INDENT':
      return 'a tab indents this line; YAML indents with spaces only';
    case 'NON_STRING_KEY':
      return 'a key must be a word, not a list or a mapping';
    case 'TAG_RESOLVE_FAILED':
      return 'a YAML tag ("!…") has no meaning here; a text that begins with "!" stands in quotes';
    default:
      return `not valid YAML: ${error.message}`;
  }
}

class Converter {
  readonly #complain: (offset: number, message: string) => void;
  readonly #anchors = new Map<string, ParsedNode>();
  /** What is being made: an alias to one of them leads in a circle. */
  readonly #open = new Set<ParsedNode>();
  #values = 0;

  constructor(complain: (offset: number, message: string) => void) {
    this.#complain = complain;
  }

  convert(node: ParsedNode | null, at = 0): Marked {
    if (node === null) return leaf(null, at, at);
    const [start, end] = node.range;
    this.#values += 1;
    if (this.#values === MAX_VALUES) this.#complain(start, `more than ${MAX_VALUES} values, aliases counted`);
    if (this.#open.size === MAX_DEPTH) this.#complain(start, `values are nested deeper than ${MAX_DEPTH}`);
    if (this.#values >= MAX_VALUES || this.#open.size >= MAX_DEPTH) return leaf(null, start, end);
    if (isAlias(node)) return this.#alias(node.source, start, end);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return leaf(node.value, start, end);
    this.#open.add(node);
    const made = isMap(node) ? this.#mapping(node) : isSeq(node) ? this.#list(node) : leaf(null, start, end);
    this.#open.delete(node);
    return made;
  }

  /** Names are not told: they may be the beginning of a secret that nobody put in quotes. */
  #alias(name: string, start: number, end: number): Marked {
    const node = this.#anchors.get(name);
    if (node && !this.#open.has(node)) return this.convert(node);
    this.#complain(
      start,
      node ? 'this alias contains itself' : 'this alias ("*…") has no anchor before it; a text that begins with "*" stands in quotes',
    );
    return leaf(null, start, end);
  }

  #mapping(node: Extract<ParsedNode, { items: readonly { key: unknown }[] }>): Marked {
    const value: Record<string, unknown> = {};
    const mark = markOf(node);
    for (const pair of node.items) {
      if (!('key' in pair) || !isScalar(pair.key)) continue;
      const key = String(pair.key.value);
      const [at, behind] = pair.key.range ?? [mark.start, mark.start];
      if (key === '__proto__') this.#complain(at, 'a key cannot be named "__proto__"');
      if (mark.children.has(key)) this.#complain(at, `the key ${quote(key)} is here twice`);
      const made = this.convert(pair.value, behind);
      Object.defineProperty(value, key, { value: made.value, enumerable: true, configurable: true, writable: true });
      mark.children.set(key, { key: at, value: made.mark });
    }
    return { value, mark };
  }

  #list(node: Extract<ParsedNode, { items: readonly unknown[] }>): Marked {
    const value: unknown[] = [];
    const mark = markOf(node);
    for (const [index, item] of node.items.entries()) {
      const made = 'range' in item ? this.convert(item) : leaf(null, mark.start, mark.start);
      value.push(made.value);
      mark.children.set(index, { key: made.mark.start, value: made.mark });
    }
    return { value, mark };
  }
}

function markOf(node: ParsedNode): Mark {
  return { start: node.range[0], end: node.range[1], children: new Map() };
}

function leaf(value: unknown, start: number, end: number): Marked {
  return { value, mark: { start, end, children: new Map() } };
}
