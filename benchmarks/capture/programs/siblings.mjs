// A healthy service beside a process of the same container that leaks: `node siblings.mjs <MB per second>`. Prints the pid of the other and ends when that ends.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { keepWithinBound } from './innocent.mjs';

const { PATH } = process.env;
const sibling = spawn('node', [join(import.meta.dirname, 'sibling.mjs'), process.argv[2] ?? '20'], {
  env: { PATH, PLIMSOLL: 'off' },
  stdio: 'ignore',
});
process.stdout.write(`sibling ${sibling.pid}\n`);
sibling.on('exit', () => setTimeout(() => process.exit(0), 1500));
setInterval(() => keepWithinBound(200), 20);
