/**
 * A driver with a container of each kind, until its process is killed or its thread is ended. Usage: holder.ts <environment, as JSON>
 */
import { parentPort } from 'node:worker_threads';
import { TestDriver } from './harness.ts';

const driver = new TestDriver(JSON.parse(process.argv[2] ?? '{}') as Record<string, string>);
await driver.open('http', {}, { warm: 1, name: 'server' });
await driver.open('fn', { command: ['fn', 'well'] }, { warm: 1, name: 'function' });
if (parentPort) parentPort.postMessage('ready');
else process.stdout.write('ready\n');
setInterval(() => {}, 1000);
