/** Variables that hold folders, first come first. */
import { delimiter } from 'node:path';

/** With that folder before those that are named already. */
export const searchedFirst = (variable: string, path: string): string =>
  [path, ...(process.env[variable] === undefined ? [] : [process.env[variable]])].join(delimiter);
