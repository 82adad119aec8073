// Holds Buffers until it uses so many MiB, and lives on: node holds.mjs <incident folder> <MiB>
import { readMemory } from '@plimsoll/memory';
import { start } from '@plimsoll/watchdog';

const [incidentDir, mebibytes] = process.argv.slice(2);
const guard = start({ incidentDir, snapshot: 'off', log: 'off' });
let held;
setTimeout(() => {
  // At once: growth over time would be a verdict of its own.
  held = Buffer.alloc(Number(mebibytes) * 2 ** 20 - readMemory().workingSetBytes, 1);
  const untilMs = performance.now() + 2500;
  const told = setInterval(() => {
    if (guard.incidents.length === 0 && performance.now() < untilMs) return;
    clearInterval(told);
    // The newest numbers are on disk with the next tick.
    setTimeout(() => process.stdout.write(`${JSON.stringify(guard.incidents)}\n`), 400);
  }, 50);
}, 300);
setInterval(() => held?.length, 1000);
