/**
 * The one key that no mapping can have here: set as a plain property it would replace the prototype of what is built. The schemas
 * leave it out without a word for that reason, and a variable that its author had set would be missing.
 */
const FORBIDDEN = '__proto__';

/** Deeper than anything that is kept: what is nested further is no app, and must not fill the stack. */
const MAX_DEPTH = 16;

/** Says where such a key stands, in the words in which the manifest refuses it; undefined when there is none. */
export function forbiddenKey(value: unknown, path: readonly string[] = []): string | undefined {
  if (typeof value !== 'object' || value === null || path.length > MAX_DEPTH) return undefined;
  if (Object.hasOwn(value, FORBIDDEN)) return `${path.length === 0 ? '' : `${path.join('.')}: `}a key cannot be named "${FORBIDDEN}"`;
  for (const [key, inside] of Object.entries(value)) {
    const found = forbiddenKey(inside, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}
