import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import './auto.ts';
import { settleInheritance } from './inheritance.ts';

if (isMainThread) settleInheritance(fileURLToPath(new URL('preload.cjs', import.meta.url)));
