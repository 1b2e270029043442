/** Takes a data folder, says so, and keeps it until it is killed. */
import { Registry } from '../../src/registry/registry.ts';

const registry = await Registry.open(process.argv[2] ?? '');
process.stdout.write('open\n');
process.stdin.resume();
process.stdin.on('end', () => registry[Symbol.dispose]());
