// A guarded service with a large cache of its own, healthy, and beside it a process that grows until the kernel kills: node beside-a-grower.mjs <folder>.
import { spawn } from 'node:child_process';
import { start } from '@plimsoll/watchdog';

start({ incidentDir: process.argv[2] });
const products = new Map(
  Array.from({ length: 60_000 }, (_, i) => [`product ${i}`, { i, text: `text ${i}` }]),
);
// 64 MiB a second, and first in the kernel's line: the service is to live.
const growing = `require('node:fs').writeFileSync('/proc/self/oom_score_adj', '1000');
  const kept = []; setInterval(() => kept.push(Buffer.alloc(6_400_000, 1)), 100);`;
const child = spawn(process.execPath, ['-e', growing], { stdio: 'ignore', env: {} });
console.log(child.pid);
child.on('exit', (code, signal) => {
  console.log(signal, products.size);
  process.exit(0);
});
