/** Names of contexts. They are names of files as well, so that nothing else may stand in them. */
import { WeftError } from '../../model/errors.ts';
import { quote } from '../../manifest/nearest.ts';

/** The platform of this machine: always there, kept in no file. */
export const DEFAULT_CONTEXT = 'default';

const NAME = /^[a-zA-Z0-9_-]{1,100}$/;

export function isContextName(text: string): boolean {
  return NAME.test(text);
}

/** A name for a new one. @throws WeftError WEFT_USAGE */
export function newContextName(text: string): string {
  const command = 'weft context create --help';
  if (text === DEFAULT_CONTEXT) {
    const reason = `The context "${DEFAULT_CONTEXT}" is the platform of this machine, and always there; choose another name`;
    throw new WeftError('WEFT_USAGE', { reason, command });
  }
  if (isContextName(text)) return text;
  const reason = `${quote(text)} cannot be the name of a context: that has 1 to 100 letters, digits, "-" and "_"`;
  throw new WeftError('WEFT_USAGE', { reason, command });
}
