// A service that serves for a moment and then fills its heap in one stretch of code: node blocked.mjs <incident folder>
import { start } from '@plimsoll/watchdog';

start({ incidentDir: process.argv[2], snapshot: 'off' });
const edges = [];
setTimeout(() => {
  const untilMs = performance.now() + 60_000;
  // Slow enough for a thread to see it come.
  for (let at = performance.now(); at < untilMs; at = performance.now()) {
    for (let i = 0; i < 2000; i += 1)
      edges.push({ from: edges.length, to: edges.length + 1, label: `edge ${edges.length}` });
    while (performance.now() - at < 10);
  }
}, 1500);
