/** Packs objects into an archive, from which a linker takes what is asked for. */
import { readFile, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { CompilerFailure, type LinkInput } from './compiler.ts';
import type { Daemon } from './daemon/client.ts';
import { inFreshFolder } from './fresh-folder.ts';
import { runProcess } from './run-process.ts';
import type { SystemClang } from './system-clang.ts';

/** @throws CompilerFailure */
export type Archiver = (name: string, members: readonly LinkInput[], signal: AbortSignal) => Promise<Uint8Array>;

const argumentsFor = (name: string, members: readonly LinkInput[]): string[] => ['rc', name, ...members.map((member) => member.name)];

/** Not every system that has a clang has an archiver that knows WebAssembly; to load the embedded compiler takes seconds, and 400 MB. */
export function archiverOf(clang: SystemClang | undefined, daemon: Daemon): Archiver {
  return clang && isAbsolute(clang.archiver) ? systemArchiver(clang.archiver) : embeddedArchiver(daemon);
}

function systemArchiver(program: string): Archiver {
  return (name, members, signal) =>
    inFreshFolder(async (folder) => {
      await Promise.all(members.map((member) => writeFile(join(folder, member.name), member.content)));
      const { ok, stdout, stderr } = await runProcess(program, argumentsFor(name, members), { cwd: folder, signal });
      if (!ok) throw new CompilerFailure(stdout + stderr);
      return readFile(join(folder, name));
    });
}

function embeddedArchiver(daemon: Daemon): Archiver {
  return async (name, members, signal) => {
    const files = members.map((member) => [member.name, member.content] as const);
    const { outputs, stderr } = await daemon.llvm(['ar', ...argumentsFor(name, members)], files, [name], signal);
    if (!outputs[0]) throw new CompilerFailure(stderr);
    return outputs[0];
  };
}
