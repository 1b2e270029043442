/** Which C++ function a function of Google's functions-framework is. */
import type { ContractName } from '../model/app.ts';
import { quote } from './nearest.ts';
import { CPP_FUNCTION } from './patterns.ts';
import type { FunctionScope } from './scope.ts';

/** As Google's builds take it, from the environment. */
const VARIABLE = 'GOOGLE_FUNCTION_TARGET';

export interface Entry {
  readonly entry?: string;
}

export function readEntry(scope: FunctionScope, contract: ContractName): Entry {
  if (contract !== 'functions-framework') return {};
  const { name, own, env } = scope;
  const variable = env[VARIABLE];
  if (own.target !== undefined) return { entry: own.target };
  if (variable === undefined || variable === '') return entryFromName(name, contract);
  if (!CPP_FUNCTION.test(variable)) scope.at('env', VARIABLE)(`${quote(variable)} is not the name of a C++ function`);
  return { entry: variable };
}

/** Function names have hyphens where C++ has underscores. A name that cannot be one of C++ names nothing: there has to be a `main` then. */
export function entryFromName(name: string, contract: ContractName): Entry {
  const entry = name.replaceAll('-', '_');
  return contract === 'functions-framework' && CPP_FUNCTION.test(entry) ? { entry } : {};
}
