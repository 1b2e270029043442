import type { Wires } from '../drivers/wire.ts';
import { fnWire } from './fn-wire.ts';
import { functionsFrameworkWire } from './functions-framework-wire.ts';
import { http } from './http.ts';
import { nightcoreWire } from './nightcore.ts';
import { stdioWire } from './stdio/wire.ts';

/** Every contract that a process or a container can be written against. */
export const WIRES: Wires = {
  http,
  fn: fnWire,
  stdio: stdioWire,
  nightcore: nightcoreWire,
  'functions-framework': functionsFrameworkWire,
};
