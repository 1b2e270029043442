/** What an app must be, whoever deploys it. What its modules must be, the engine says. */
import { WeftError } from '../model/errors.ts';
import type { AppContent, AppRecord } from '../registry/record.ts';

/** No dot: `name.app` is the function's full name. */
const NAME = /^[A-Za-z0-9][-_A-Za-z0-9]{0,62}$/;

/** @throws WeftError WEFT_NAME_INVALID, WEFT_APP_INVALID, WEFT_FUNCTION_TAKEN */
export function checkApp(app: string, content: AppContent, deployed: Iterable<AppRecord>): void {
  if (!NAME.test(app)) throw new WeftError('WEFT_NAME_INVALID', { name: app, what: 'an app' });
  const names = namesOf(app, content);
  checkGroups(app, content, names);
  for (const other of deployed) {
    if (other.app === app) continue;
    const taken = other.functions.find((fn) => names.has(fn.settings.name));
    if (taken) throw new WeftError('WEFT_FUNCTION_TAKEN', { name: taken.settings.name, app: other.app });
  }
}

function namesOf(app: string, { functions }: AppContent): ReadonlySet<string> {
  if (functions.length === 0) throw invalid(app, 'it has no function');
  const names = new Set<string>();
  for (const { settings } of functions) {
    const { name } = settings;
    if (!NAME.test(name)) throw new WeftError('WEFT_NAME_INVALID', { name, what: 'a function' });
    if (names.has(name)) throw invalid(app, `it has two functions "${name}"`);
    names.add(name);
  }
  return names;
}

function checkGroups(app: string, { merge }: AppContent, names: ReadonlySet<string>): void {
  const grouped = new Set<string>();
  for (const name of merge.flat()) {
    if (!names.has(name)) throw invalid(app, `a merge group names "${name}", which is no function of it`);
    if (grouped.has(name)) throw invalid(app, `"${name}" stands twice in its merge groups`);
    grouped.add(name);
  }
}

function invalid(app: string, reason: string): WeftError {
  return new WeftError('WEFT_APP_INVALID', { app, reason });
}
