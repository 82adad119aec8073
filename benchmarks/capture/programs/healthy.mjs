// Leaks nothing: loads 40 MB as fast as it can, then makes garbage for six seconds and ends by itself.
import { keepWithinBound } from './innocent.mjs';

const table = [];
for (let id = 0; id < 400_000; id += 1) table.push({ id, name: `row ${id}`, parent: id >> 1 });
const timer = setInterval(() => keepWithinBound(20_000), 20);
setTimeout(() => {
  clearInterval(timer);
  process.exitCode = table.length === 400_000 ? 0 : 1;
}, 6000);
