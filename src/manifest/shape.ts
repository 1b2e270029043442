/** Checks a document against a zod schema, and says what is wrong in words, where it is. */
import type * as z from 'zod';
import type { ManifestDocument, Path } from './document.ts';
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts';
import type { Mistakes } from './mistakes.ts';
import { didYouMean, quote } from './nearest.ts';
import { nameFrom } from './names.ts';
import { NAME_RULE } from './patterns.ts';
import { DURATION_PATTERN, DURATION_WORDS, SIZE_PATTERN, SIZE_WORDS } from './units.ts';

/** The paths that have a mistake, so that nobody trips over them again. */
export function checkShape(document: ManifestDocument, shape: z.ZodType, mistakes: Mistakes): Path[] {
  const { error } = shape.safeParse(document.value);
  if (!error) return [];
  const teller = new Teller(document, jsonSchemaOf(shape), mistakes);
  // Somebody who mistyped a key is not told as well that it is missing.
  const mistyped = new Map(
    error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? [[labelOf(pathOf(issue.path)), issue.keys] as const] : [])),
  );
  for (const issue of error.issues) if (!isOfMistyped(issue, document, mistyped)) teller.tell(issue);
  return error.issues.map((issue) => pathOf(issue.path));
}

/** A rule about the keys of a mapping in which one is unknown; or a key that is not there because it was written otherwise. */
function isOfMistyped(issue: z.core.$ZodIssue, document: ManifestDocument, mistyped: ReadonlyMap<string, readonly string[]>): boolean {
  const path = pathOf(issue.path);
  if (issue.code === 'custom') return mistyped.has(labelOf(path));
  if (document.valueAt(path) !== undefined) return false;
  const beside = mistyped.get(labelOf(path.slice(0, -1))) ?? [];
  return beside.some((key) => didYouMean(key, [String(path.at(-1))]) !== '');
}

class Teller {
  readonly #document: ManifestDocument;
  readonly #schema: JsonSchema;
  readonly #mistakes: Mistakes;

  constructor(document: ManifestDocument, schema: JsonSchema, mistakes: Mistakes) {
    this.#document = document;
    this.#schema = schema;
    this.#mistakes = mistakes;
  }

  tell(issue: z.core.$ZodIssue): void {
    const path = pathOf(issue.path);
    const inside = issue.code === 'invalid_union' ? issue.errors.find((choice) => choice.some((one) => one.path.length > 0)) : undefined;
    if (inside) {
      for (const one of inside) this.tell({ ...one, path: [...issue.path, ...one.path] });
    } else if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) this.#unknownKey(path, key);
    } else if (issue.code === 'invalid_key') {
      const name = String(path.at(-1));
      const rule = issue.issues[0]?.message ?? 'is no name';
      this.#mistakes.add(this.#document.keyPlace(path), `${quote(name)} ${rule}${nameMeant(name, rule)}`);
    } else if (issue.code === 'custom' && path.length > 0) {
      this.#mistakes.add(this.#document.keyPlace(path), `${labelOf(path)} ${issue.message}`);
    } else {
      this.#wrongValue(path, issue);
    }
  }

  #unknownKey(path: Path, key: string): void {
    const schema = schemaAt(this.#schema, path);
    const known = Object.keys(schema?.properties ?? {});
    const below = known.filter((name) => Object.hasOwn(schema?.properties?.[name]?.properties ?? {}, key));
    const meant = below.length > 0 ? `; it stands under ${quote(below.join(', '))}` : didYouMean(key, known);
    const all = meant === '' ? `; known here: ${known.join(', ')}` : meant;
    this.#mistakes.add(
      this.#document.keyPlace([...path, key]),
      `unknown key ${quote(key)}${path.length > 0 ? ` in ${labelOf(path)}` : ''}${all}`,
    );
  }

  #wrongValue(path: Path, issue: z.core.$ZodIssue): void {
    const value = this.#document.valueAt(path);
    const label = labelOf(path);
    if (value === undefined) {
      const parent = path.slice(0, -1);
      const where = parent.length > 0 ? `${labelOf(parent)}: ` : '';
      return this.#mistakes.add(this.#document.keyPlace(parent), `${where}the key ${quote(String(path.at(-1)))} is missing`);
    }
    // Whatever is wrong with it: a secret that somebody wrote into the manifest is not written to the terminal too.
    const text = isSecret(path) ? `${label} ${secretRule(path)}` : this.#words(label, path, value, issue);
    this.#mistakes.add(this.#document.place(path), text);
  }

  #words(label: string, path: Path, value: unknown, issue: z.core.$ZodIssue): string {
    const schema = schemaAt(this.#schema, path);
    if (value === null) return `${label} is empty; it must be ${expectation(schema)}`;
    if (issue.code === 'invalid_value' || schema?.anyOf) return this.#notOneOf(label, path, value, schema);
    if (issue.code === 'invalid_type')
      return `${label} must be ${expectation(schema)}, not ${kindOf(value)}${this.#instead(path, value, schema)}`;
    if (issue.code === 'too_small') return `${label} ${tooSmall(issue, value)}`;
    if (issue.code === 'too_big') return `${label} ${tooBig(issue, value)}`;
    if (issue.code === 'invalid_format' && typeof value === 'string')
      return `${label}: ${quote(value)} ${issue.message}${unitMeant(value, issue.message)}${nameMeant(value, issue.message)}`;
    return `${label} ${issue.message}`;
  }

  #notOneOf(label: string, path: Path, value: unknown, schema: JsonSchema | undefined): string {
    const words = [schema ?? {}, ...(schema?.anyOf ?? [])].flatMap((choice) => choice.enum ?? choice.const ?? []);
    if (typeof value !== 'string')
      return `${label} must be ${expectation(schema)}, not ${kindOf(value)}${this.#instead(path, value, schema)}`;
    return `${label} cannot be ${quote(value)}; it must be ${expectation(schema)}${didYouMean(value, words)}${unitMeant(value, 'is not a duration')}`;
  }

  /** How to write what was probably meant. */
  #instead(path: Path, value: unknown, schema: JsonSchema | undefined): string {
    if (typeof value === 'object') return '';
    const written = this.#document.written(path);
    if (schema?.type === 'array') return `; write [${written}]`;
    if (schema?.type === 'string' && expectation(schema) === KINDS['string']) return `; write ${quote(written)}`;
    return '';
  }
}

function tooBig(issue: z.core.$ZodIssueTooBig, value: unknown): string {
  return typeof value === 'number' ? `must be ${issue.maximum} or less, not ${value}` : `has more than ${issue.maximum} entries`;
}

function tooSmall(issue: z.core.$ZodIssueTooSmall, value: unknown): string {
  if (typeof value === 'number') return `must be ${issue.minimum} or more, not ${value}`;
  if (value === '') return 'is empty';
  return issue.minimum === 1 ? 'is empty' : `must have ${issue.minimum} entries or more`;
}

function expectation(schema: JsonSchema | undefined): string {
  const choices = schema?.anyOf?.map(expectation);
  if (choices) return choices.join(', or ');
  if (schema?.const !== undefined) return schema.const;
  if (schema?.pattern === SIZE_PATTERN.source) return 'a size, such as 64MiB';
  if (schema?.pattern === DURATION_PATTERN.source) return 'a duration, such as 30s';
  if (schema?.enum) return schema.enum.join(', ').replace(/, ([^,]*)$/, ' or $1');
  return KINDS[schema?.type ?? ''] ?? 'something else';
}

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a mapping',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return `the text ${quote(value)}`;
  if (typeof value === 'number') return `the number ${value}`;
  return typeof value === 'boolean' ? `the truth value ${value}` : 'a mapping';
}

/** "64mb" → "64MB"; a number alone has no unit. */
function unitMeant(value: string, message: string): string {
  const [pattern, units] = message.includes('size') ? [SIZE_PATTERN, SIZE_WORDS] : [DURATION_PATTERN, DURATION_WORDS];
  if (!/size|duration/.test(message)) return '';
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(value) ?? [];
  if (number === undefined || unit === undefined) return '';
  const meant = UNIT_SLIPS.get(unit.toLowerCase()) ?? units.find((name) => name.toLowerCase() === unit.toLowerCase());
  return meant !== undefined && pattern.test(`${number}${meant}`) ? `; did you mean ${quote(`${number}${meant}`)}?` : '';
}

const UNIT_SLIPS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    k: 'KiB',
    mi: 'MiB',
    ki: 'KiB',
    gi: 'GiB',
    g: 'GiB',
    sec: 's',
    secs: 's',
    second: 's',
    seconds: 's',
    min: 'm',
    mins: 'm',
    minute: 'm',
    minutes: 'm',
    hour: 'h',
    hours: 'h',
    msec: 'ms',
    millis: 'ms',
    milliseconds: 'ms',
  }),
);

function nameMeant(name: string, rule: string): string {
  return rule === NAME_RULE ? `; did you mean ${quote(nameFrom(name))}?` : '';
}

function isSecret(path: Path): boolean {
  const at = path.indexOf('secrets');
  return at === 1 || at === 2;
}

function secretRule(path: Path): string {
  const field = path.at(-1);
  if (field === 'secrets') return 'must be a mapping: names of secrets, and where each is';
  if (field === 'fromEnv') return 'must be the name of an environment variable';
  if (field === 'fromFile') return 'must be the path of a file';
  return 'must say where the secret is, {fromEnv: NAME} or {fromFile: path}; the manifest never holds it';
}

/** "functions.resize.sources[1]", without "functions." where a name says enough. */
function labelOf(path: Path): string {
  if (path.length === 0) return 'the manifest';
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${plain(step)}`)).join('');
}

function plain(step: string): string {
  return /^[\w-]{1,64}$/.test(step) ? step : quote(step);
}

function schemaAt(schema: JsonSchema, path: Path): JsonSchema | undefined {
  let at: JsonSchema | undefined = schema;
  for (const step of path) {
    const choice: JsonSchema | undefined = at?.anyOf?.find((one) => one.type === (typeof step === 'number' ? 'array' : 'object')) ?? at;
    const rest: JsonSchema | undefined = typeof choice?.additionalProperties === 'object' ? choice.additionalProperties : undefined;
    at = typeof step === 'number' ? choice?.items : (own(choice?.properties, step) ?? rest);
  }
  return at;
}

function own(properties: JsonSchema['properties'], key: string): JsonSchema | undefined {
  return properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
}

function pathOf(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === 'number' ? step : String(step)));
}
