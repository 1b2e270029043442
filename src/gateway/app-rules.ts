/** What an app must be, whoever deploys it. What its modules must be, the engine says. */
import type * as z from 'zod';
import { WeftError } from '../model/errors.ts';
import { mustBeName } from '../model/names.ts';
import { forbiddenKey } from '../registry/forbidden-key.ts';
import { type AppContent, type AppRecord, contentSchema } from '../registry/record.ts';

/** @throws WeftError WEFT_NAME_INVALID, WEFT_APP_INVALID, WEFT_FUNCTION_TAKEN */
export function checkApp(app: string, content: AppContent, deployed: Iterable<AppRecord>): void {
  mustBeName(app, 'an app');
  const names = namesOf(app, content);
  checkGroups(app, content, names);
  checkKept(app, content);
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
    mustBeName(name, 'a function');
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

/** What the next start could not read again would be lost with it, though its deploy was acknowledged. */
function checkKept(app: string, content: AppContent): void {
  // As the file will have it: what is undefined is not there.
  const written: unknown = JSON.parse(JSON.stringify(content));
  const forbidden = forbiddenKey(written);
  if (forbidden !== undefined) throw invalid(app, forbidden);
  const { error } = contentSchema.safeParse(written);
  if (error) throw invalid(app, error.issues.map(reasonOf).join('; '));
}

function reasonOf({ path, ...issue }: z.core.$ZodIssue): string {
  // Of a name in a record the reason stands within.
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}

function invalid(app: string, reason: string): WeftError {
  return new WeftError('WEFT_APP_INVALID', { app, reason });
}
