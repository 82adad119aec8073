// Asks the guard for two captures, `between` the two does what it is told, and prints what came of them: node capture-twice.mjs <folder> [fill]
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { start } from '@plimsoll/watchdog';

const [incidentDir, between] = process.argv.slice(2);
const guard = start({ incidentDir, snapshot: 'off' });
const first = guard.capture('first');
if (between === 'fill') {
  const descriptor = openSync(join(incidentDir, 'filler'), 'w');
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(4096));
  } catch {
    closeSync(descriptor);
  }
}
const second = guard.capture('second');
process.stdout.write(JSON.stringify({ first, second, active: guard.active }));
