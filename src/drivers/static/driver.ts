/** Functions that are files: nothing runs, each request is one look-up. What of-watchdog does in its mode static. */
import { type Driven, type DrivenSource, type Driver, promised } from '../../engine/driver.ts';
import { WeftError } from '../../model/errors.ts';
import { createSite } from './site.ts';

export function staticDriver(): Driver {
  return { open: async (source) => openSite(source), close: async () => {} };
}

function openSite({ spec, files }: DrivenSource): Driven {
  const { isolation } = spec;
  if (isolation.kind !== 'static') throw new WeftError('WEFT_MODULE_REFUSED', { name: spec.name, reason: 'it is not static' });
  const answer = createSite(files, isolation.root, spec.limits.responseBytes);
  return {
    run: promised(({ input, stream }) => answer(input, stream)),
    scale: async () => {},
    close: async () => {},
  };
}
