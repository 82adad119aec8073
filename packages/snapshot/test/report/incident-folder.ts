import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const startedAtMs = Date.UTC(2026, 10, 20, 3, 0, 0);
const mib = 2 ** 20;

/** Writes an incident folder as the guard leaves it, with the given snapshots in it. */
export function writeIncident(folder: string, snapshots: readonly string[], isHostile = false): string {
  const path = join(folder, '20261120T030000Z-shop-1-9c1e04af-growth');
  mkdirSync(path, { recursive: true });
  const inject = isHostile
    ? '<script>window.hacked = true</script><img src=x onerror="window.hacked = true">'
    : '';
  const incident = {
    schemaVersion: 1,
    id: `20261120T030000Z-shop-1-9c1e04af-growth${inject}`,
    trigger: {
      name: 'growth',
      sentence: `The heap grows by 1.6 MiB a second.${inject}`,
      atMs: startedAtMs + 60_000,
    },
    process: { pid: 1, hostName: 'shop-7d9f', nodeVersion: '24.21.0' },
    limit: { limitBytes: 256 * mib, origin: '/sys/fs/cgroup/memory.max', heapLimitBytes: 200 * mib },
    deepestLevel: 'critical',
    autopsy: { sentence: 'Map sessions (session-store.js:3) holds 90,000 entries.', findings: [] },
    sites: [
      {
        functionName: `open${inject}`,
        file: 'session-store.js',
        line: 6,
        liveBytes: 90 * mib,
        shareRatio: 0.9,
      },
    ],
  };
  writeFileSync(join(path, 'incident.json'), JSON.stringify(incident));
  const decision = (seconds: number, event: string): string =>
    JSON.stringify({
      atMs: startedAtMs + seconds * 1000,
      part: 'capture',
      event,
      numbers: { workingSetBytes: 90 * mib, reason: inject },
    });
  writeFileSync(
    join(path, 'journal.ndjson'),
    `${decision(60, 'incident-opened')}\n${decision(80, 'snapshot-refused')}\n{"atMs":1`,
  );
  const rows = Array.from({ length: 120 }, (_, second) => {
    const usedBytes = (20 + second * 1.6) * mib;
    const time = new Date(startedAtMs + second * 1000).toISOString();
    return `${time},${second > 60 ? 'critical' : 'normal'},${256 * mib},${usedBytes + 20 * mib},${usedBytes},${200 * mib},${3 * mib}`;
  });
  const head = 'time,level,limitBytes,workingSetBytes,heapUsedBytes,heapLimitBytes,externalBytes';
  writeFileSync(join(path, 'timeline.csv'), `${[head, ...rows].join('\n')}\n`);
  const frame = (functionName: string, selfSize: number, children: unknown[] = []): unknown => ({
    callFrame: { functionName, url: 'file:///app/session-store.js', lineNumber: 5, columnNumber: 1 },
    selfSize,
    children,
  });
  const profile = {
    head: frame(`(root)${inject}`, 0, [
      frame('handle', 10 * mib, [frame('open', 90 * mib)]),
      frame('audit', 5 * mib),
    ]),
  };
  writeFileSync(join(path, 'allocation.heapprofile'), JSON.stringify(profile));
  snapshots.forEach((snapshot, at) => copyFileSync(snapshot, join(path, `heap-${at + 1}.heapsnapshot`)));
  return path;
}
