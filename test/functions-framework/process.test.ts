/** Functions of Google's functions-framework as processes. */
import { test } from 'node:test';
import { behaves } from './behaviour.ts';
import { buildProgram, hasCompiler, Server } from './process.ts';

if (hasCompiler()) behaves((program) => Server.start(buildProgram(program), program));
else test('there is a C++ compiler', { skip: 'there is none on this machine' });
