/**
 * A function of Google's functions-framework is named, not linked by a fixed symbol: these few lines of C++ stand between its name and
 * the runtime (sdk/include/google/cloud/functions/internal/target.h says how).
 */
import type { BuildSpec, ContractName } from '../model/app.ts';

/** File name of the glue, wherever it is compiled. */
export const GLUE_FILE = 'weft-target.cpp';

/** Text of the glue; nothing when the function's contract or a `main` of its own needs none. */
export function targetGlue(spec: BuildSpec, contract: ContractName): string | undefined {
  if (contract !== 'functions-framework' || !('entry' in spec) || spec.entry === undefined) return undefined;
  const path = spec.entry.replace(/^::/, '').split('::');
  const name = path.join('::');
  const namespace = path.slice(0, -1).join('::');
  const declaration = `FUNCTIONS_FRAMEWORK_CPP_TARGET(${path.at(-1) ?? ''})`;
  return [
    '#include <google/cloud/functions/internal/target.h>',
    namespace === '' ? declaration : `namespace ${namespace} { ${declaration} }`,
    'google::cloud::functions::Function google::cloud::functions_internal::Target() {',
    `  return MakeTarget("${name}", FUNCTIONS_FRAMEWORK_CPP_TARGET_OVERLOADS(::${name}));`,
    '}',
    '',
  ].join('\n');
}
