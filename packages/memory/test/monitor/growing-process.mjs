// A process for the tests that grows until it dies: node growing-process.mjs objects|buffers. Prints each change of the level of pressure.
import { writeSync } from 'node:fs';
import { onPressure, startMemoryMonitor } from '../../dist/index.js';

const [kind] = process.argv.slice(2);
const kept = [];

startMemoryMonitor();
// Straight to the descriptor: what is still in a stream dies with the process.
onPressure(({ level, headroomBytes, reason }) =>
  writeSync(1, `${JSON.stringify({ level, headroomBytes, reason })}\n`),
);
setInterval(() => {
  if (kind === 'buffers') kept.push(Buffer.alloc(1_000_000, 1));
  else for (let index = 0; index < 6000; index += 1) kept.push({ index, inner: { values: [index] } });
}, 20);
