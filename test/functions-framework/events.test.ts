/** CloudEvents, in contexts and in processes. */
import { after, describe, test } from 'node:test';
import { autoBuilder } from '../toolchain/workshop.ts';
import { readsEvents } from './event-forms.ts';
import { inContext } from './hosted.ts';
import { buildProgram, hasCompiler, Server } from './process.ts';

const builder = await autoBuilder();
after(() => builder.close());

describe('in a context', () => readsEvents((program) => inContext(builder, program)));

describe('in a process', () => {
  if (hasCompiler()) readsEvents((program) => Server.start(buildProgram(program), program));
  else test('there is a C++ compiler', { skip: 'there is none on this machine' });
});
