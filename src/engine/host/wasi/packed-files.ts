/** The read-only tree of the files packed with a function, made once and shared by all its contexts. */
import { Directory, FileNode, type FsNode } from './nodes.ts';

export const SCRATCH_NAME = 'tmp';
export const SCRATCH_INODE = 2;
const ROOT_INODE = 1;
/** Packed files have no time of their own: a function behaves the same wherever and whenever it was deployed. */
const EPOCH = 0;

type Files = Readonly<Record<string, Uint8Array>>;

const trees = new WeakMap<Files, Directory>();

export function packedTree(files: Files): Directory {
  let root = trees.get(files);
  if (!root) {
    root = build(files);
    trees.set(files, root);
  }
  return root;
}

function build(files: Files): Directory {
  const root = new Directory(ROOT_INODE, undefined, false, EPOCH);
  // Stands for each context's own scratch folder in listings; a lookup gets the real one.
  root.add(SCRATCH_NAME, new Directory(SCRATCH_INODE, root, false, EPOCH));
  let inode = SCRATCH_INODE;
  for (const [path, data] of Object.entries(files)) {
    const names = path.split('/').filter((name) => name !== '');
    const last = names.pop();
    // What the scratch folder hides, and what is no path of a file, cannot be reached.
    if (last === undefined || names[0] === SCRATCH_NAME) continue;
    let directory: Directory | undefined = root;
    for (const name of names) {
      const next: FsNode = directory.get(name) ?? addDirectory(directory, name, ++inode);
      directory = next.kind === 'directory' ? next : undefined;
      if (!directory) break;
    }
    if (directory && !directory.get(last)) directory.add(last, new FileNode(++inode, data, undefined, EPOCH));
  }
  return root;
}

function addDirectory(parent: Directory, name: string, inode: number): Directory {
  const directory = new Directory(inode, parent, false, EPOCH);
  parent.add(name, directory);
  return directory;
}
