// A service with one cache; lives until its standard input ends: node guarded.mjs <incident folder> [cluster]
import cluster from 'node:cluster';
import { registerHolder } from '@plimsoll/memory';
import { start } from '@plimsoll/watchdog';

const [incidentDir, mode] = process.argv.slice(2);
if (mode === 'cluster' && cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()];
  process.stdin.resume().on('end', () => {
    for (const worker of workers) worker.disconnect();
  });
} else {
  const guard = start({ incidentDir, log: 'off' });
  /** What a cache would hold. */
  const cache = new Map(Array.from({ length: 1000 }, (_, index) => [index, { index }]));
  registerHolder({
    name: 'cache',
    bytes: () => cache.size * 100,
    reclaim: (targetBytes) => {
      let droppedCount = 0;
      for (const key of cache.keys()) {
        if (droppedCount * 100 >= targetBytes) break;
        cache.delete(key);
        droppedCount += 1;
      }
      return droppedCount * 100;
    },
  });
  /** What no answer may show: keys, values and names made from data. */
  const byEmail = Object.fromEntries(
    Array.from({ length: 5000 }, (_, index) => [
      `jane.key-secret-${index}@example.com`,
      [`value-secret-${index}`],
    ]),
  );
  globalThis.directory = { byEmail, byToken: new Map(Object.entries(byEmail)) };
  process.stdout.write(guard.active ? 'up\n' : 'off\n');
  // Nothing is stopped: the guard must not keep the process.
  if (mode !== 'cluster') process.stdin.resume();
}
