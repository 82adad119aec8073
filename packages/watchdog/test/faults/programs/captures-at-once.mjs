// Takes a heap snapshot that lasts a while, tells what came of it, and shows that it goes on: node captures-at-once.mjs <incident folder> [handles-sigterm|goes-on] [rows]
import { start } from '@plimsoll/watchdog';

const [incidentDir, mode, rowCount = '40000'] = process.argv.slice(2);
const guard = start({ incidentDir, maxPauseMs: 600_000, log: 'json' });
const kept = Array.from({ length: Number(rowCount) }, (_, i) => ({ id: i, name: `row ${i}` }));
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

if (mode === 'handles-sigterm')
  process.on('SIGTERM', () => say({ sigterm: true }) && setTimeout(() => process.exit(0), 1500));
setTimeout(() => {
  say({ capturing: true });
  const { folder, files, refusals } = guard.capture('a fault is tried on it');
  say({ folder: folder ?? null, files, refusals, active: guard.active, kept: kept.length });
  setInterval(() => say({ alive: true }), 200);
}, 300);
