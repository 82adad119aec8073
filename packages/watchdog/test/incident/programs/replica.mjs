// One replica of many: captures at the moment it is told, with a heap snapshot: node replica.mjs <incident folder> <epoch ms>
import { readIncident, start } from '@plimsoll/watchdog';

const [incidentDir, atMs] = process.argv.slice(2);
// Where the machine is fast all eight come to their turn, and 18 MB each are more than the quota of one host.
const guard = start({ incidentDir, log: 'off', maxPauseMs: 600_000, incidentQuotaBytes: 2 ** 29 });
const kept = Array.from({ length: 60_000 }, (_, i) => ({ id: i, name: `row ${i}` }));
setTimeout(
  () => {
    const { folder, refusals } = guard.capture('all replicas at once');
    const captures = folder === undefined ? [] : readIncident(folder).captures;
    const snapshot = captures.find(({ rung }) => rung === 'snapshot');
    process.stdout.write(
      JSON.stringify({ pid: process.pid, folder, refusals, kept: kept.length, snapshot: snapshot ?? null }),
    );
    // The snapshot is counted against its header meanwhile.
    setTimeout(() => undefined, 6000);
  },
  Math.max(1, Number(atMs) - Date.now()),
);
