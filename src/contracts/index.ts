import type { Contracts } from '../engine/prepare.ts';
import { fn } from './fn.ts';
import { functionsFramework } from './functions-framework.ts';
import { nightcore } from './nightcore.ts';
import { stdio } from './stdio/context.ts';
import { weft } from './weft.ts';

/** Every contract a function can be written against. */
export const CONTRACTS: Contracts = { weft, stdio, nightcore, fn, 'functions-framework': functionsFramework };
