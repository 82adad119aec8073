// Loaded with --import: prints what the process grew by from here to its end, and does nothing in between.
import { writeSync } from 'node:fs';
import { readOwnMemory } from './own-memory.mjs';

const before = readOwnMemory();
process.on('exit', () => {
  const after = readOwnMemory();
  const growth = Object.fromEntries(Object.keys(after).map((key) => [key, after[key] - before[key]]));
  writeSync(1, JSON.stringify(growth));
});
