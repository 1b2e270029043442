/** How a stdio program is run: `stdio`, and what of it belongs to some modes only. */
import type { ContractName, StdioMode, StdioOptions } from '../model/app.ts';
import type { FunctionScope } from './scope.ts';

const KEYS: Readonly<Record<Exclude<keyof StdioOptions, 'mode'>, readonly StdioMode[]>> = {
  cgiHeaders: ['plain', 'classic', 'streaming', 'serializing'],
  combineOutput: ['classic'],
  marshalRequest: ['classic'],
  headers: ['iron', 'iron-http', 'iron-json'],
};

/** Nothing when the manifest says nothing about it. */
export function readStdio(scope: FunctionScope, contract: ContractName): StdioOptions | undefined {
  const { stdio } = scope.own;
  if (stdio === undefined) return undefined;
  if (contract !== 'stdio') scope.atKey('stdio')(`stdio is for contract stdio, not ${contract}`);
  const { mode = 'plain' } = stdio;
  for (const [key, modes] of Object.entries(KEYS)) {
    if (key in stdio && !modes.includes(mode)) scope.atKey('stdio', key)(`stdio.${key} is for mode ${modes.join(', ')}, not ${mode}`);
  }
  return stdioOptions(mode, stdio);
}

/** With defaults where nothing is given. */
export function stdioOptions(
  mode: StdioMode,
  given: { readonly [K in keyof StdioOptions]?: StdioOptions[K] | undefined } = {},
): StdioOptions {
  const { cgiHeaders = true, combineOutput = false, marshalRequest = false, headers = {} } = given;
  return { mode, cgiHeaders, combineOutput, marshalRequest, headers };
}
