/** One function of stack.yaml, as the rest of the platform sees it. */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CONTRACT_NAMES, type ContractName, type FunctionSpec } from '../../model/app.ts';
import { findPath } from '../lookup.ts';
import { didYouMean, quote } from '../nearest.ts';
import { IMAGE } from '../patterns.ts';
import { fromFiles, fromImage, fromSources, sourcesIn } from './functions.ts';
import type { Report } from './reading.ts';
import type { StackEntry } from './stack-entry.ts';
import { environmentOf, secretFiles } from './stack-environment.ts';
import { sayWhatDiffers, withScale, withStackLimits } from './stack-limits.ts';
import { modeIn, type WatchdogMode, withGrace, withWatchdog, withWatchdogLimits } from './watchdog.ts';

const C_TEMPLATE = /^(c|cc|cpp|c\+\+|cxx|clang)([-_.].*)?$/i;
/** Where watchdogs listen. */
const WATCHDOG_PORT = 8080;
const ISOLATIONS = ['context', 'process', 'container', 'static'] as const;

type Kind = 'sources' | 'image' | 'files';
type Annotations = Readonly<Record<string, string>>;

/** What is wrong is reported; nothing comes back when nothing can be made of it. */
export async function describeStackFunction(entry: StackEntry): Promise<FunctionSpec | undefined> {
  const env = await environmentOf(entry);
  const mode = modeIn(env, entry.atVariable('mode'));
  const annotations = entry.reading.texts(entry.fn.annotations, ...entry.path('annotations'));
  checkAnnotations(annotations, entry);
  const kind = kindOf(entry, annotations['weft.isolation'], mode);
  const built = kind && (await build(entry, kind, { mode, env, annotations }));
  if (!built) return undefined;
  const secrets = await secretFiles(entry);
  const labels = entry.reading.texts(entry.fn.labels, ...entry.path('labels'));
  // Files that are served to everybody have no secrets among them.
  const files = kind === 'files' ? built.files : { ...built.files, ...secrets };
  const spec = withStackLimits({ ...built, labels, annotations, files }, entry);
  sayWhatDiffers(spec, entry);
  return withScale(spec, entry);
}

function checkAnnotations(annotations: Annotations, entry: StackEntry): void {
  const known = ['weft.isolation', 'weft.contract'];
  for (const [name, value] of Object.entries(annotations)) {
    if (!name.startsWith('weft.')) continue;
    if (!known.includes(name)) entry.atKey('annotations', name)(`unknown annotation ${quote(name)}${didYouMean(name, known)}`);
    const values: readonly string[] = name === 'weft.isolation' ? ISOLATIONS : CONTRACT_NAMES;
    if (known.includes(name) && !values.includes(value))
      entry.at(
        'annotations',
        name,
      )(`${name} cannot be ${quote(value)}; it must be one of ${values.join(', ')}${didYouMean(value, values)}`);
  }
}

function kindOf(entry: StackEntry, isolation: string | undefined, mode: WatchdogMode): Kind | undefined {
  const { lang = '', handler, image, skip_build } = entry.fn;
  if (isolation === 'static') return 'files';
  if (isolation === 'container') return 'image';
  if (isolation === 'context' || isolation === 'process') return 'sources';
  if (skip_build === true && image !== undefined) return 'image';
  if (C_TEMPLATE.test(lang) && handler !== undefined) return mode === 'static' ? 'files' : 'sources';
  if (image !== undefined) return 'image';
  entry.at()(
    lang === ''
      ? `${entry.name} has no image, and no lang that is C or C++ with a handler to build it from`
      : `${entry.name} has no image, and its lang ${quote(lang)} is none that is built here: c, cpp`,
  );
  return undefined;
}

interface Described {
  readonly mode: WatchdogMode;
  readonly env: Record<string, string>;
  readonly annotations: Annotations;
}

async function build(entry: StackEntry, kind: Kind, described: Described): Promise<FunctionSpec | undefined> {
  const { env, annotations } = described;
  if (kind === 'image') return container(entry, env, contractIn(annotations));
  const folder = await handlerFolder(entry);
  if (folder === undefined) return undefined;
  if (kind === 'sources') return buildSources(entry, folder, described);
  return { ...(await fromFiles(entry.name, await servedFolder(folder, env['static_path']), entry.at('handler'))), env };
}

function contractIn(annotations: Annotations): ContractName | undefined {
  return CONTRACT_NAMES.find((name) => name === annotations['weft.contract']);
}

async function handlerFolder(entry: StackEntry): Promise<string | undefined> {
  const { handler } = entry.fn;
  if (handler === undefined) entry.at()(`${entry.name} has no handler, the folder that it is built from`);
  return handler === undefined ? undefined : findPath(entry.reading.dir, handler, 'folder', entry.at('handler'));
}

async function buildSources(entry: StackEntry, folder: string, { mode, env, annotations }: Described): Promise<FunctionSpec> {
  const isolation = (['context', 'process'] as const).find((kind) => kind === annotations['weft.isolation']);
  const sources = await sourcesIn(folder, '.');
  if (sources.length === 0) entry.at('handler')(`there is no C or C++ source in ${quote(entry.fn.handler ?? '')}`);
  const otherwise = mode === 'http' ? 'http' : 'stdio';
  const include = [folder, ...entry.copied];
  const made = await fromSources({ name: entry.name, sources, include, isolation, contract: contractIn(annotations), otherwise });
  const [, ...args] = (entry.fn.fprocess ?? env['fprocess'] ?? env['function_process'] ?? '').split(' ');
  const spec: FunctionSpec = { ...made, env, args: args.filter((arg) => arg !== '') };
  if (isolation === 'context' && spec.contract === 'http')
    entry.at('annotations', 'weft.isolation')('a server (mode http) cannot be a context: it needs a network');
  const at = (name: string): Report => entry.atVariable(name);
  if (spec.contract === 'http') return withWatchdogLimits(withUpstream(spec, entry), entry.reading, at);
  return withWatchdog(spec, mode === 'streaming' || mode === 'serializing' ? mode : 'classic', entry.reading, at);
}

/** Mode http: the program listens where upstream_url says. */
function withUpstream(spec: FunctionSpec, entry: StackEntry): FunctionSpec {
  const url = spec.env['upstream_url'] ?? spec.env['http_upstream_url'];
  if (url === undefined || !URL.canParse(url)) {
    entry.atVariable('upstream_url')('mode http needs upstream_url, where the program listens, such as http://127.0.0.1:5000');
    return spec;
  }
  const port = Number(new URL(url).port || 80);
  return spec.isolation.kind === 'process' ? { ...spec, isolation: { ...spec.isolation, listen: { kind: 'port', port } } } : spec;
}

function container(entry: StackEntry, env: Record<string, string>, contract: ContractName = 'http'): FunctionSpec | undefined {
  const { image, fprocess, skip_build } = entry.fn;
  if (image === undefined || !IMAGE.test(image)) {
    const report = image === undefined ? entry.at() : entry.at('image');
    report(image === undefined ? `${entry.name} has no image to run in a container` : `${quote(image)} is not the name of an image`);
    return undefined;
  }
  if (skip_build !== true) entry.note(`its image ${image} is not built here; build it as before, or with docker build`);
  const made = fromImage({ name: entry.name, image, contract, ...(contract === 'http' ? { port: WATCHDOG_PORT } : {}) });
  const spec = { ...made, env: fprocess === undefined ? env : { fprocess, ...env } };
  return withGrace(spec, entry.reading, (name) => entry.atVariable(name));
}

/** The folder that an image would have at static_path, when the handler has one of that name. */
async function servedFolder(handler: string, staticPath: string | undefined): Promise<string> {
  const inside = join(handler, basename(staticPath ?? 'public'));
  const there = await stat(inside).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return there ? inside : handler;
}
