/** What apps and functions can be named, whoever names them. Nothing in it means something else in a path of a URL. */
import { WeftError } from './errors.ts';

/** No dot: `name.app` is the function's full name. */
const NAME = /^[A-Za-z0-9][-_A-Za-z0-9]{0,62}$/;

export function isName(text: string): boolean {
  return NAME.test(text);
}

/** `name` or `name.app`. */
export function isFunctionReference(text: string): boolean {
  const [name = '', ...app] = text.split('.');
  return isName(name) && app.length <= 1 && app.every(isName);
}

/** @throws WeftError WEFT_NAME_INVALID */
export function mustBeName(name: string, what: 'an app' | 'a function'): void {
  if (!isName(name)) throw new WeftError('WEFT_NAME_INVALID', { name, what });
}
