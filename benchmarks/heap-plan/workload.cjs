// Four services that fill their heap in four ways until somebody ends them, and one that has all else at its maximum meanwhile. The plan's constants were fitted on the four.
// node workload.cjs map | json | http | workers | everything
'use strict';
const { createServer, request, Agent } = require('node:http');
const { getHeapStatistics } = require('node:v8');
const { Worker, isMainThread } = require('node:worker_threads');

const kept = [];
const users = new Map();
let count = 0;

/** Records in a Map: nested objects, short strings, a growing array in each. */
function map() {
  count += 1;
  const key = `user:${count.toString(36)}`;
  users.set(key, {
    key,
    roles: ['reader', key],
    at: [count, -count],
    profile: { score: count / 7, next: null },
  });
}

/** JSON churn: documents of 2 kB parsed and kept, ten times as much parsed and dropped. */
const template = {
  lines: Array.from({ length: 12 }, (_, line) => ({
    sku: `sku-${line}`,
    price: line * 1.5,
    tags: ['a', 'b'],
  })),
};
const text = JSON.stringify(template);
function json() {
  count += 1;
  for (let turn = 0; turn < (isYoung ? 1 : 10); turn += 1) JSON.parse(text);
  kept.push(JSON.parse(text));
}

/** 48 MiB of Buffers in a ring, real requests through a real socket, a closure kept per request. */
function http() {
  const ring = Array.from({ length: 768 }, () => Buffer.alloc(65_536, 1));
  const server = createServer((incoming, response) => {
    ring[count % ring.length] = Buffer.alloc(65_536, count);
    response.end('ok');
  });
  server.listen(0, () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const ask = () => {
      const asked = request({ port: server.address().port, agent }, (response) => {
        for (let turn = 0; turn < (isYoung ? 4000 : 400); turn += 1) {
          const context = { id: (count += 1), headers: { ...response.headers } };
          kept.push(() => context.id);
        }
        response.resume();
        response.on('end', ask);
      });
      // A connection that was idle for the whole of a long collection has been closed by the server.
      asked.on('error', ask);
      asked.end();
    };
    for (let connection = 0; connection < 8; connection += 1) ask();
  });
}

/** Two workers that each keep about 12 of their 16 MiB, 5 of them the guard's, and allocate all the time; the main thread leaks a linked list. */
class Link {
  constructor(next) {
    this.next = next;
    this.value = count += 1;
    this.text = `link ${this.value}`;
  }
}
let head = null;
function list() {
  head = new Link(head);
}

function busyWorker() {
  const own = Array.from({ length: 50_000 }, (_, index) => ({ index, label: `w${index}` }));
  setInterval(() => {
    for (let turn = 0; turn < 500; turn += 1) own[turn] = { index: turn, label: `w${turn}-${Date.now()}` };
  }, 5);
}

function repeat(step, batch) {
  setInterval(() => {
    const count = isYoung ? batch * 10 : batch;
    for (let turn = 0; turn < count; turn += 1) step();
  }, 1);
}

/** All but the last 96 MiB of the heap, and at least half of it, is filled ten times as fast: what is measured is how it ends. */
const LAST_BYTES = 96 * 2 ** 20;
let isYoung = true;
function slowDown() {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  if (used > Math.max(limit / 2, limit - LAST_BYTES)) isYoung = false;
  else setTimeout(slowDown, 20);
}

function startWorkers() {
  const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 6 };
  for (let worker = 0; worker < 2; worker += 1) new Worker(__filename, { resourceLimits });
}

function start(workload) {
  if (workload === 'map') repeat(map, 1500);
  else if (workload === 'json') repeat(json, 40);
  else if (workload === 'http') http();
  else if (workload === 'workers') {
    startWorkers();
    setTimeout(() => repeat(list, 3000), 500);
  } else if (workload === 'everything') {
    kept.push(Array.from({ length: 768 }, () => Buffer.alloc(65_536, 1)));
    startWorkers();
    setTimeout(() => repeat(map, 1500), 500);
  } else throw new Error(`no workload ${workload}`);
}

if (isMainThread) {
  start(process.argv[2]);
  slowDown();
} else busyWorker();
