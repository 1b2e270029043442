import type { FunctionSettings, StdioMode } from '../../model/app.ts';
import { ironHttp, ironJson } from './iron-hot.ts';
import { iron } from './iron.ts';
import { type Mode, optionsOf } from './mode.ts';
import { plain } from './plain.ts';
import { classic, serializing, streaming } from './watchdogs.ts';

const MODES: Readonly<Record<StdioMode, Mode>> = {
  plain,
  classic,
  streaming,
  serializing,
  iron,
  'iron-http': ironHttp,
  'iron-json': ironJson,
};

export function modeOf(spec: FunctionSettings): Mode {
  return MODES[optionsOf(spec).mode];
}
