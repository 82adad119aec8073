// A worker thread that leaks while the main thread serves: `node worker.mjs <MB per second>`.
import { Worker } from 'node:worker_threads';
import { keepWithinBound } from './innocent.mjs';

const worker = new Worker(new URL('worker-thread.mjs', import.meta.url), { argv: process.argv.slice(2) });
worker.on('error', ({ code }) => process.stdout.write(`worker ended: ${code}\n`));
worker.on('exit', () => setTimeout(() => process.exit(0), 500));
setInterval(() => keepWithinBound(50), 20);
