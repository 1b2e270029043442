/** Which C++ function a function of Google's functions-framework is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadApp } from '../../src/manifest/index.ts';
import { AppFolder, only } from './app-folder.ts';

const FILES = { 'f.cc': '#include <google/cloud/functions/function.h>\n', 'c.c': 'int main(void) { return 0; }\n' };

describe('target', () => {
  const entry = async (folder: AppFolder, name: string, keys = ''): Promise<string | undefined> => {
    const { build, contract } = only(await folder.loadYaml(`app: a\nfunctions: {${name}: {sources: [f.cc]${keys}}}`));
    assert.equal(contract, 'functions-framework', 'its header says so');
    return build.kind === 'sources' ? build.entry : undefined;
  };

  test('is what the manifest says, or the variable of Google, or the name', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    assert.equal(await entry(folder, 'hello-world'), 'hello_world');
    assert.equal(await entry(folder, 'f', ', target: "::a::b::F"'), '::a::b::F');
    assert.equal(await entry(folder, 'f', ', env: {GOOGLE_FUNCTION_TARGET: "a::F"}'), 'a::F');
    assert.equal(await entry(folder, 'f', ', target: b::F, env: {GOOGLE_FUNCTION_TARGET: "a::F"}'), 'b::F');
  });

  test('is nothing, when the name cannot be one in C++', async (t) => {
    assert.equal(await entry(await AppFolder.with(FILES, t), '2nd'), undefined);
  });

  test('of one source alone is its name', async (t) => {
    const { build } = only(await loadApp((await AppFolder.with(FILES, t)).at('f.cc')));
    assert.equal(build.kind === 'sources' && build.entry, 'f');
  });

  test('must be a name, of a function of that contract', async (t) => {
    const folder = await AppFolder.with(FILES, t);
    const mistakes = (keys: string): Promise<string[]> => folder.mistakesIn(`app: a\nfunctions:\n  f:\n    sources: [c.c]\n    ${keys}\n`);
    assert.deepEqual(await mistakes('target: F'), ['5:5: target is for contract functions-framework, not stdio']);
    assert.deepEqual(await mistakes('target: "f(); int x"'), [
      '5:13: functions.f.target: "f(); int x" is not the name of a C++ function, such as my_namespace::MyFunction',
    ]);
    assert.deepEqual(await mistakes('contract: functions-framework\n    env: { GOOGLE_FUNCTION_TARGET: a-b }'), [
      '6:36: "a-b" is not the name of a C++ function',
    ]);
  });
});
