/** What a context is: a platform somewhere, and how to ask it. And its form in a file. */
import { z } from 'zod';
import { quote } from '../../manifest/nearest.ts';
import { gatewayOrigin, hasPath } from '../gateway-url.ts';

export interface GatewayContext {
  readonly name: string;
  /** An origin. */
  readonly gateway: string;
  /** The platform's own when absent. */
  readonly user?: string;
  /** At most one of the two. */
  readonly password?: string;
  /** Absolute. */
  readonly passwordFile?: string;
  readonly description?: string;
}

/** RFC 7617: a colon would end the user's name, and control characters are for neither. */
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
export const USER = /^[^:\u0000-\u001F\u007F]+$/;
// oxlint-disable-next-line no-control-regex -- likewise
export const PASSWORD = /^[^\u0000-\u001F\u007F]+$/;

/** Messages are our own: zod's and JSON.parse's may show what they are about, and that may be a password. */
const shape = z.strictObject({
  gateway: z.string({ error: 'it is not a text' }).refine(isGateway, { error: 'it is not the address of a gateway' }),
  user: z.string({ error: 'it is not a text' }).regex(USER, { error: 'it cannot be the name of a user' }).optional(),
  password: z.string({ error: 'it is not a text' }).regex(PASSWORD, { error: 'it cannot be a password' }).optional(),
  passwordFile: z.string({ error: 'it is not a text' }).min(1, { error: 'it is empty' }).optional(),
  description: z.string({ error: 'it is not a text' }).optional(),
});

export function contextText({ name: _name, ...content }: GatewayContext): string {
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** @returns what is wrong with it, when it is none */
export function parseContext(name: string, text: string): GatewayContext | string {
  const json = parseJson(text);
  if (typeof json === 'string') return json;
  const { data, error } = shape.safeParse(json.value);
  if (error) return reasonOf(error.issues[0]);
  const { gateway, user, password, passwordFile, description } = data;
  if (password !== undefined && passwordFile !== undefined) return '"password" and "passwordFile" exclude each other';
  return {
    name,
    gateway: gatewayOrigin(gateway),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
    ...(description === undefined ? {} : { description }),
  };
}

function isGateway(text: string): boolean {
  try {
    gatewayOrigin(text);
    return !hasPath(text);
  } catch {
    return false;
  }
}

function parseJson(text: string): { readonly value: unknown } | string {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const place = /\(line \d+ column \d+\)/.exec(error instanceof Error ? error.message : '');
    return `it is not JSON${place === null ? '' : ` ${place[0]}`}`;
  }
}

function reasonOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'unrecognized_keys') return `nothing called ${issue.keys.map(quote).join(', ')} can stand in it`;
  const [key] = issue?.path ?? [];
  return key === undefined ? 'it is not a JSON object' : `${String(key)}: ${issue?.message ?? ''}`;
}
