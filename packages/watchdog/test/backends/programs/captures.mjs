// Captures once, and tells what came of it and who listens to SIGUSR2: node captures.mjs <incident folder>
import { readFileSync } from 'node:fs';
import { start } from '@plimsoll/watchdog';

process.umask(0);
const guard = start({ incidentDir: process.argv[2], maxPauseMs: 60_000 });
const sessions = new Map();
function rememberSession(id) {
  sessions.set(id, { id, words: Array.from({ length: 20 }, (_, i) => `${id}-${i}`) });
}
for (let id = 0; id < 5000; id += 1) rememberSession(id);
setTimeout(() => {
  const { folder, files, refusals } = guard.capture('to see the backends');
  const listenerCount = process.listenerCount('SIGUSR2');
  const nativeModules = readFileSync('/proc/self/maps', 'latin1').match(/dd_pprof\.node/g) ?? [];
  const options = process.env.NODE_HEAPDUMP_OPTIONS ?? null;
  process.stdout.write(
    JSON.stringify({ folder, files, refusals, listenerCount, nativeModules, options, kept: sessions.size }),
  );
  setTimeout(() => process.exit(0), 1500);
}, 300);
