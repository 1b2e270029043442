/** A program of contract stdio as a process or in a container. */
import type { StdioWire } from '../../drivers/wire.ts';
import { optionsOf } from './mode.ts';
import { modeOf } from './modes.ts';

export const stdioWire: StdioWire = {
  kind: 'stdio',
  life: (spec) => (modeOf(spec).hot ? 'hot' : 'fork'),
  admit: (spec, input) => modeOf(spec).admit?.(input),
  env(spec, input) {
    const mode = modeOf(spec);
    return input ? mode.env(spec, input) : (mode.hot?.env(spec) ?? spec.env);
  },
  stdin: (spec, input, id) => modeOf(spec).stdin(spec, input, id),
  answerEnd: (spec) => modeOf(spec).hot?.answerEnd(),
  streamHead: (spec) => modeOf(spec).streamHead?.(spec),
  joinsErrors: (spec) => optionsOf(spec).mode === 'classic' && optionsOf(spec).combineOutput,
  answer: (spec, input, end) => modeOf(spec).answer(spec, input, end),
};
