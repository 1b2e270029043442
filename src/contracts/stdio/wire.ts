/** A program of contract stdio as a process or in a container. */
import type { StdioWire } from '../../drivers/wire.ts';
import { optionsOf } from './mode.ts';
import { modeOf } from './modes.ts';

export const stdioWire: StdioWire = {
  kind: 'stdio',
  life: (spec) => (modeOf(spec).hot ? 'hot' : 'fork'),
  admit: (spec, input) => modeOf(spec).admit?.(input),
  env: (spec, input, call) => modeOf(spec).env(spec, input, call),
  lifeEnv: (spec) => modeOf(spec).hot?.env(spec) ?? spec.env,
  stdin: (spec, input, call) => modeOf(spec).stdin(spec, input, call),
  answerEnd: (spec) => modeOf(spec).hot?.answerEnd(),
  streamHead: (spec, input, call) => modeOf(spec).streamHead?.(spec, input, call),
  joinsErrors: (spec) => optionsOf(spec).mode === 'classic' && optionsOf(spec).combineOutput,
  answer: (spec, input, end) => modeOf(spec).answer(spec, input, end),
};
