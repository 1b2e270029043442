/** What `weft init` can write: how a function is written, in which languages, and what its manifest says beside that. */
import type { ContractName } from '../../model/app.ts';
import { WeftError } from '../../model/errors.ts';

export type InitLanguage = 'c' | 'cpp';

export interface InitKind {
  readonly contract: ContractName;
  /** The first is the usual one. */
  readonly languages: readonly [InitLanguage, ...InitLanguage[]];
  /** Further lines of the function in the manifest. */
  readonly settings: readonly string[];
}

const BOTH = ['c', 'cpp'] as const;
const FUNCTIONS_FRAMEWORK: InitKind = { contract: 'functions-framework', languages: ['cpp'], settings: ['target: greet'] };

export const INIT_KINDS = {
  weft: { contract: 'weft', languages: BOTH, settings: [] },
  stdio: { contract: 'stdio', languages: BOTH, settings: ['contentType: text/plain'] },
  nightcore: { contract: 'nightcore', languages: BOTH, settings: [] },
  gcf: FUNCTIONS_FRAMEWORK,
  'functions-framework': FUNCTIONS_FRAMEWORK,
  fn: { contract: 'fn', languages: BOTH, settings: [] },
  http: { contract: 'http', languages: BOTH, settings: ['isolation: process'] },
} as const satisfies Readonly<Record<string, InitKind>>;

export type InitKindName = keyof typeof INIT_KINDS;

/** @throws WeftError WEFT_USAGE: the contract is for other languages */
export function languageFor({ contract, languages }: InitKind, wanted: InitLanguage | undefined): InitLanguage {
  if (wanted === undefined) return languages[0];
  if (languages.includes(wanted)) return wanted;
  const reason = `A function of contract ${contract} is written in ${languages.join(' or ')}, not in ${wanted}`;
  throw new WeftError('WEFT_USAGE', { reason, command: 'weft init --help' });
}
