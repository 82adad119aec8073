// A synchronous loop that never yields and keeps what it makes: `node loop.mjs <MB per second>`. It serves for two seconds first, so that it is a service and no script.
import { keepWithinBound } from './innocent.mjs';

const recordsPerPass = 1000;
const perSecond = Number(process.argv[2] ?? 20) * 1e6;
const graph = [];

function expandNode(id) {
  const edges = [];
  for (let index = 0; index < 14; index += 1) edges.push({ from: id, to: id + index, weight: index + 0.5 });
  graph.push({ id, label: `node-${id}`, edges });
}

/** A graph without end: the bytes a second are kept by waiting, which is work as far as the event loop can see. */
function crawl() {
  const beganMs = performance.now();
  for (let id = 0; ; id += 1) {
    expandNode(id);
    if (id % recordsPerPass > 0) continue;
    const dueMs = beganMs + (id * 900 * 1000) / perSecond;
    while (performance.now() < dueMs) keepWithinBound(10);
  }
}

setTimeout(crawl, 2000);
