/**
 * WASI preview 1, made once per engine thread: a function finds out whose call it is by `runtime.current`. All of it is
 * there, so that any module links; what is not offered answers ENOSYS or ENOTSUP.
 */
import type { Runtime } from '../../runtime.ts';
import { metadataImports } from './metadata.ts';
import { pathImports } from './paths.ts';
import { pollImports } from './poll.ts';
import { ERRNO, type Errno } from './preview1.ts';
import { processImports } from './process.ts';
import { readWriteImports } from './reading-writing.ts';

const notOffered = (): Errno => ERRNO.nosys;
const noLinks = (): Errno => ERRNO.notsup;

export function wasiImports(runtime: Runtime): Record<string, unknown> {
  return {
    ...processImports(runtime),
    ...readWriteImports(runtime),
    ...metadataImports(runtime),
    ...pathImports(runtime),
    ...pollImports(runtime),
    path_link: noLinks,
    path_symlink: noLinks,
    proc_raise: notOffered,
    sock_accept: notOffered,
    sock_recv: notOffered,
    sock_send: notOffered,
    sock_shutdown: notOffered,
  };
}
