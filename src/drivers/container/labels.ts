/** What marks a container as Weft's, and says whose it is. */
import type { DrivenSource } from '../../engine/driver.ts';
import type { Owner } from './owner.ts';

export const LABELS = {
  /** The machine the platform runs on. */
  platform: 'weft.platform',
  owner: 'weft.owner',
  app: 'weft.app',
  function: 'weft.function',
  version: 'weft.version',
} as const;

export function labelsOf(owner: Owner, { app, version, spec }: DrivenSource): Record<string, string> {
  return {
    [LABELS.platform]: owner.machine,
    [LABELS.owner]: owner.tag,
    [LABELS.app]: app,
    [LABELS.function]: spec.name,
    [LABELS.version]: String(version),
  };
}
