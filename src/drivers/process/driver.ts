import type { Driver } from '../../engine/driver.ts';
import { WeftError } from '../../model/errors.ts';
import type { Wires } from '../wire.ts';

export function processDriver(wires: Wires): Driver {
  return {
    open: async ({ spec }) => {
      const reason = wires[spec.contract] ? 'isolation process is not to be had yet' : `contract ${spec.contract} is for contexts only`;
      throw new WeftError('WEFT_MODULE_REFUSED', { name: spec.name, reason });
    },
    close: async () => {},
  };
}
